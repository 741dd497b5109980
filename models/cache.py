"""Key-value caches: each prompt is computed once, for the group of completions that follows it.

Shapes: P prompts, B rows that follow them, G rows of the largest group, S prompt tokens, T new tokens, U tokens of
the completions so far (the new ones included), D width, H heads, K heads of keys and values, d = D / H.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from models.layers import attend

ROOM = 16  # tokens by which a full cache grows


class Seating:
    """Arranges rows in a grid of P prompts by G rows, so that one matrix product reads each prompt for its whole group."""

    def __init__(self, owners: Tensor, prompts: int):  # [B] the prompt of each row, ascending
        counts = owners.bincount(minlength=prompts)  # [P]
        self.prompts, self.group = prompts, int(counts.max())
        first = counts.cumsum(0) - counts
        self.seats = owners * self.group + torch.arange(len(owners), device=owners.device) - first[owners]  # [B]
        self.full = len(owners) == prompts * self.group

    def by_prompt(self, x: Tensor) -> Tensor:  # [B, H, T, n] -> [P, H, G * T, n], zero on empty seats
        _, H, T, n = x.shape
        if not self.full:
            x = x.new_zeros(self.prompts * self.group, H, T, n).index_copy(0, self.seats, x)
        return x.view(self.prompts, self.group, H, T, n).transpose(1, 2).reshape(self.prompts, H, -1, n)

    def by_row(self, x: Tensor) -> Tensor:  # [P, H, G * T, n] -> [B, H, T, n]; inverts `by_prompt`
        P, H, _, n = x.shape
        rows = x.view(P, H, self.group, -1, n).transpose(1, 2).reshape(P * self.group, H, -1, n)
        return rows if self.full else rows.index_select(0, self.seats)


class PromptCache:
    """Keys, values and last convolution inputs of P prompts, recorded in one pass through the model, with gradients if enabled.

    Prompts of different lengths are padded on the right; `lengths` holds the length of each.
    """

    def __init__(self, lengths: Tensor):  # [P]
        self.lengths = lengths
        self.longest, shortest = int(lengths.max()), int(lengths.min())
        positions = torch.arange(self.longest, device=lengths.device)
        self.mask = None if shortest == self.longest else (positions < lengths[:, None])[:, None, None]  # bool [P, 1, 1, S]
        self.keys: list[Tensor] = []  # per layer [P, K, S, d]
        self.values: list[Tensor] = []
        self.tails: list[Tensor] = []  # per convolution [P, conv - 1, D], its inputs at the last tokens

    def length(self, new: int) -> int:
        return new

    def positions(self, new: int) -> Tensor:  # [1, T]
        return torch.arange(new, device=self.lengths.device)[None]

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        self.keys.append(k)
        self.values.append(v)
        return attend(q, k, v)

    def convolve(self, index: int, x: Tensor, size: int) -> Tensor:  # [P, T, D] -> [P, size + T, D]
        seen = F.pad(x, (0, 0, size, 0))
        last = (self.lengths[:, None] + torch.arange(size, device=x.device))[..., None]  # [P, size, 1]
        self.tails.append(seen.gather(1, last.expand(-1, -1, x.shape[2])))
        return seen

    def attend_with(
        self, layer: int, seating: Seating, q: Tensor, own_k: Tensor, own_v: Tensor
    ) -> Tensor:  # [B, H, 1, d], [B, K, U, d] twice -> [B, H, 1, d]
        """Attention to the prompt of each row and to its own tokens under one softmax. Each prompt is read once for its group."""
        prompt_k, prompt_v = self.keys[layer], self.values[layer]  # [P, K, S, d]
        (_, H, _, d), (_, K, S, _) = q.shape, prompt_k.shape
        if K != H:
            prompt_k, prompt_v, own_k, own_v = (x.repeat_interleave(H // K, 1) for x in (prompt_k, prompt_v, own_k, own_v))
        q = q * d**-0.5
        prompt = seating.by_prompt(q) @ prompt_k.transpose(-1, -2)  # [P, H, G * T, S]
        if self.mask is not None:
            prompt = prompt.masked_fill(~self.mask, float("-inf"))
        own = q @ own_k.transpose(-1, -2)  # [B, H, T, U]
        weights = torch.cat((seating.by_row(prompt), own), dim=-1).softmax(-1)  # [B, H, T, S + U]
        from_prompt = seating.by_row(seating.by_prompt(weights[..., :S]) @ prompt_v)  # [B, H, T, d]
        return from_prompt + weights[..., S:] @ own_v


class Following:
    """Whole completions [B, T] in one pass after recorded prompts; gradients flow back into the prompts."""

    def __init__(self, prompts: PromptCache, owners: Tensor):  # [B] the prompt of each row, ascending
        self.prompts, self.owners = prompts, owners

    def length(self, new: int) -> int:
        return self.prompts.longest + new

    def positions(self, new: int) -> Tensor:  # [B, T]
        return _after(self.prompts.lengths[self.owners], new)

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """By the fused kernel: copying the prompt for each row takes less time than scores in memory."""
        T, S, padded = q.shape[2], self.prompts.longest, self.prompts.mask
        mask = F.pad(q.new_full((T, T), float("-inf")).triu(1), (S, 0))  # [T, S + T]
        if padded is not None:
            mask = mask.masked_fill(F.pad(~padded, (0, T))[self.owners], float("-inf"))  # [B, 1, T, S + T]
        k, v = (torch.cat((past[layer][self.owners], own), 2) for past, own in ((self.prompts.keys, k), (self.prompts.values, v)))
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=q.shape[1] != k.shape[1])

    def convolve(self, index: int, x: Tensor, size: int) -> Tensor:  # [B, T, D] -> [B, size + T, D]
        return torch.cat((self.prompts.tails[index][self.owners], x), dim=1)


class Cache:
    """Completions that grow by one token at a time, starting with one for each prompt. For use without gradients."""

    def __init__(self, prompts: PromptCache):
        self.prompts = prompts
        self.owners = torch.arange(len(prompts.lengths), device=prompts.lengths.device)  # [B] the prompt of each row, ascending
        self.seating = Seating(self.owners, len(prompts.lengths))
        self.keys = [k[:, :, :0] for k in prompts.keys]  # per layer [B, K, room, d]; the first `written` tokens are filled
        self.values = [v[:, :, :0] for v in prompts.values]
        self.tails = list(prompts.tails)  # per convolution [B, conv - 1, D]
        self.written = 0  # tokens of every completion so far

    def length(self, new: int) -> int:
        return self.prompts.longest + self.written + new

    def positions(self, new: int) -> Tensor:  # [B, 1]
        return _after(self.prompts.lengths[self.owners] + self.written, new)

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        if self.keys[layer].shape[2] == self.written:
            self.keys[layer], self.values[layer] = (F.pad(x, (0, 0, 0, ROOM)) for x in (self.keys[layer], self.values[layer]))
        stop = self.written + 1
        self.keys[layer][:, :, self.written : stop] = k
        self.values[layer][:, :, self.written : stop] = v
        own = self.keys[layer][:, :, :stop], self.values[layer][:, :, :stop]
        return self.prompts.attend_with(layer, self.seating, q, *own)

    def convolve(self, index: int, x: Tensor, size: int) -> Tensor:  # [B, 1, D] -> [B, size + 1, D]
        seen = torch.cat((self.tails[index], x), dim=1)
        self.tails[index] = seen[:, 1:]
        return seen

    def follow(self, rows: Tensor) -> None:
        """Keep these rows [B'], ascending: a row given twice branches, a row not given ends."""
        if len(rows) == len(self.owners) and bool((rows[1:] > rows[:-1]).all()):
            return
        self.owners = self.owners[rows]
        self.seating = Seating(self.owners, len(self.prompts.lengths))
        self.keys, self.values, self.tails = ([x[rows] for x in every] for every in (self.keys, self.values, self.tails))


def _after(start: Tensor, new: int) -> Tensor:  # [B] -> [B, T]
    return start[:, None] + torch.arange(new, device=start.device)
