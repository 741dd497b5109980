"""Key-value caches: each prompt is computed once, for the group of completions that follows it.

Shapes: P prompts, B rows that follow them, G rows of the largest group, S prompt tokens, T new tokens, U tokens of
the completions so far (the new ones included), D width, H heads, K heads of keys and values, d = D / H.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from models.layers import attend

ROOM = 16  # tokens by which a full cache grows
MOVE = 0.75  # of the kept rows going on: with fewer, those move together


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
        self.slots = self.owners  # [B] in 0..M: where each row is kept
        (P, K, _, d), like = prompts.keys[0].shape, prompts.keys[0]
        self.keys = [k.new_empty(P, 0, K * d) for k in prompts.keys]  # per layer [M, room, K * d]
        self.values = list(self.keys)  # the first `written` tokens are filled
        self.tails = list(prompts.tails)  # per convolution [B, conv - 1, D]
        self.written = 0  # tokens of every completion so far
        self.same = (torch.eye(K) * d**-0.5).to(like)[:, None, :, None]  # [K, 1, K, 1]
        both = zip(prompts.keys, prompts.values, strict=True)  # in the order in which every token that follows reads them
        self.given = [
            ((k * d**-0.5).transpose(-1, -2).contiguous(), v.contiguous()) for k, v in both
        ]  # per layer [P, K, d, S], [P, K, S, d]

    def length(self, new: int) -> int:
        return self.prompts.longest + self.written + new

    def positions(self, new: int) -> Tensor:  # [B, 1], or [1, 1] if all are equal
        lengths = self.prompts.lengths[:1] if self.prompts.mask is None else self.prompts.lengths[self.owners]
        return _after(lengths + self.written, new)

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """A product for each row, not for each row and head: a head reads the channels of all heads, with zeros in its query for others."""
        (B, H, _, d), K, seen = q.shape, k.shape[1], slice(self.written + 1)
        if self.keys[layer].shape[1] == self.written:
            more = self.keys[layer].new_empty(self.keys[layer].shape[0], ROOM, K * d)
            self.keys[layer], self.values[layer] = (torch.cat((x[layer], more), dim=1) for x in (self.keys, self.values))
        self.keys[layer][:, self.written], self.values[layer][:, self.written] = (self._to_slots(x.flatten(1)) for x in (k, v))
        apart = self._to_slots((q.view(B, K, -1, 1, d) * self.same).view(B, H, -1))  # [M, H, K * d]
        own = self._from_slots(apart @ self.keys[layer][:, seen].transpose(1, 2))  # [B, H, U]
        from_prompt, weights = self._read(layer, q, own[:, :, None])
        every = self._from_slots(self._to_slots(weights[:, :, 0]) @ self.values[layer][:, seen])  # [B, H, K * d]
        mine = every.view(B, K, -1, K, d).diagonal(dim1=1, dim2=3).movedim(-1, 1)  # [B, K, H / K, d]
        return from_prompt + mine.reshape(B, H, 1, d)

    def _read(self, layer: int, q: Tensor, own: Tensor) -> tuple[Tensor, Tensor]:
        """Attention of queries [B, H, T, d] to the prompts of their rows and to own tokens of scores [B, H, T, U], under one softmax.

        Returns the part of the prompts, [B, H, T, d], and the weights of own tokens, [B, H, T, U]. Each prompt is read once for its group.
        """
        (_, H, _, d), (keys, values) = q.shape, self.given[layer]
        P, K, _, S = keys.shape
        scores = (self.seating.by_prompt(q).reshape(P, K, -1, d) @ keys).view(P, H, -1, S)  # [P, H, G * T, S]
        if self.prompts.mask is not None:
            scores = scores.masked_fill(~self.prompts.mask, float("-inf"))
        weights = torch.cat((scores, self.seating.by_prompt(own)), dim=-1).softmax(-1)  # [P, H, G * T, S + U]
        read = weights[..., :S].reshape(P, K, -1, S) @ values  # [P, K, H / K * G * T, d]
        return self.seating.by_row(read.view(P, H, -1, d)), self.seating.by_row(weights[..., S:])

    def _to_slots(self, x: Tensor) -> Tensor:  # [B, ...] -> [M, ...], zero where no row is
        M = self.keys[0].shape[0]
        return x if x.shape[0] == M else x.new_zeros(M, *x.shape[1:]).index_copy(0, self.slots, x)

    def _from_slots(self, x: Tensor) -> Tensor:  # [M, ...] -> [B, ...]
        return x if x.shape[0] == self.slots.shape[0] else x[self.slots]

    def convolve(self, index: int, x: Tensor, size: int) -> Tensor:  # [B, 1, D] -> [B, size + 1, D]
        seen = torch.cat((self.tails[index], x), dim=1)
        self.tails[index] = seen[:, 1:]
        return seen

    def follow(self, rows: Tensor) -> None:
        """Keep these rows [B'], ascending: a row given twice branches, a row not given ends."""
        branches = bool((rows[1:] == rows[:-1]).any())
        if len(rows) == len(self.owners) and not branches:
            return
        self.owners, self.slots = self.owners[rows], self.slots[rows]
        self.seating = Seating(self.owners, len(self.prompts.lengths))
        self.tails = [x[rows] for x in self.tails]
        if branches or len(rows) < MOVE * len(self.keys[0]):
            self.keys, self.values = ([x[self.slots] for x in every] for every in (self.keys, self.values))
            self.slots = torch.arange(len(rows), device=rows.device)


def _after(start: Tensor, new: int) -> Tensor:  # [B] -> [B, T]
    return start[:, None] + torch.arange(new, device=start.device)
