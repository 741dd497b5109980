"""What earlier tokens left behind: prompts that are computed once, and the completions that follow them in groups.

Shapes: P prompts, G completions of each, B = P * G rows (row b follows prompt b // G), S prompt tokens, T new tokens,
U tokens of the completions so far (the new ones included), D width, H heads, K heads of keys and values, d = D / H.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from models.gpt import attend


class Prompts:
    """Records what P prompts leave behind as they pass through the model, with gradients where they are on.

    Prompts of different lengths are padded on the right; `lengths` says how long each one is.
    """

    def __init__(self, lengths: Tensor):  # [P]
        self.lengths = lengths
        self.longest, shortest = int(lengths.max()), int(lengths.min())
        places = torch.arange(self.longest, device=lengths.device)
        self.look = None if shortest == self.longest else (places < lengths[:, None])[:, None, None]  # bool [P, 1, 1, S]
        self.keys: list[Tensor] = []  # per layer [P, K, S, d]
        self.values: list[Tensor] = []
        self.tails: list[Tensor] = []  # per convolution [P, conv - 1, D]

    def length(self, new: int) -> int:
        return new

    def positions(self, new: int) -> Tensor:  # [1, T]
        return torch.arange(new, device=self.lengths.device)[None]

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        self.keys.append(k)
        self.values.append(v)
        return attend(q, k, v)

    def convolve(self, place: int, x: Tensor, size: int) -> Tensor:  # [P, T, D] -> [P, size + T, D]
        seen = F.pad(x, (0, 0, size, 0))
        last = (self.lengths[:, None] + torch.arange(size, device=x.device))[..., None]  # [P, size, 1]
        self.tails.append(seen.gather(1, last.expand(-1, -1, x.shape[2])))
        return seen


class Following:
    """Whole completions [B, T] in one pass after recorded prompts; gradients flow back into them."""

    def __init__(self, prompts: Prompts, group: int):
        self.prompts, self.group = prompts, group

    def length(self, new: int) -> int:
        return self.prompts.longest + new

    def positions(self, new: int) -> Tensor:  # [B, T]
        return _after(self.prompts.lengths.repeat_interleave(self.group), new)

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        T = q.shape[2]
        causal = torch.ones(T, T, dtype=torch.bool, device=q.device).tril()
        return attend_both(q, self.prompts.keys[layer], self.prompts.values[layer], self.prompts.look, k, v, causal)

    def convolve(self, place: int, x: Tensor, size: int) -> Tensor:  # [B, T, D] -> [B, size + T, D]
        return torch.cat((self.prompts.tails[place].repeat_interleave(self.group, 0), x), dim=1)


@dataclass
class Cache:
    """Completions being written a token at a time, in memory taken once. For use without gradients."""

    prompt_keys: Tensor  # [L, P, K, S, d]
    prompt_values: Tensor
    look: Tensor | None  # bool [P, 1, 1, S]
    keys: Tensor  # [L, B, K, C, d] with room for C tokens
    values: Tensor
    tails: list[Tensor]  # per convolution [B, conv - 1, D]
    starts: Tensor  # [B] length of each row's prompt
    written: int = 0  # U, tokens of every completion so far

    @classmethod
    def after(cls, prompts: Prompts, group: int, room: int) -> "Cache":
        """An empty cache for `group` completions of each prompt, of at most `room` tokens."""
        keys = torch.stack(prompts.keys)
        L, P, K, _, d = keys.shape
        own = keys.new_empty(L, P * group, K, room, d)
        tails = [tail.repeat_interleave(group, 0) for tail in prompts.tails]
        starts = prompts.lengths.repeat_interleave(group)
        return cls(keys, torch.stack(prompts.values), prompts.look, own, torch.empty_like(own), tails, starts)

    def length(self, new: int) -> int:
        return self.prompt_keys.shape[3] + self.written + new

    def positions(self, new: int) -> Tensor:  # [B, 1]
        return _after(self.starts + self.written, new)

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        stop = self.written + 1
        self.keys[layer, :, :, self.written : stop] = k
        self.values[layer, :, :, self.written : stop] = v
        own = self.keys[layer, :, :, :stop], self.values[layer, :, :, :stop]
        return attend_both(q, self.prompt_keys[layer], self.prompt_values[layer], self.look, *own, None)

    def convolve(self, place: int, x: Tensor, size: int) -> Tensor:  # [B, 1, D] -> [B, size + 1, D]
        seen = torch.cat((self.tails[place], x), dim=1)
        self.tails[place] = seen[:, 1:]
        return seen

    def select(self, prompts: Tensor, rows: Tensor) -> "Cache":
        """The cache of these prompts [P'] and these rows [B'], equally many of each prompt and in its order."""
        return Cache(
            self.prompt_keys[:, prompts],
            self.prompt_values[:, prompts],
            None if self.look is None else self.look[prompts],
            self.keys[:, rows],
            self.values[:, rows],
            [tail[rows] for tail in self.tails],
            self.starts[rows],
            self.written,
        )


def _after(start: Tensor, new: int) -> Tensor:  # [B] -> [B, T]
    return start[:, None] + torch.arange(new, device=start.device)


def attend_both(
    q: Tensor,  # [B, H, T, d]
    prompt_k: Tensor,  # [P, K, S, d]
    prompt_v: Tensor,
    look: Tensor | None,  # bool [P, 1, 1, S], true on real tokens
    own_k: Tensor,  # [B, K, U, d]
    own_v: Tensor,
    causal: Tensor | None,  # bool [T, U]
) -> Tensor:  # [B, H, T, d]
    """Attention to the row's prompt and its own tokens under one softmax, reading each prompt once for its group."""
    B, H, T, d = q.shape
    P, K, S, _ = prompt_k.shape
    if K != H:
        prompt_k, prompt_v, own_k, own_v = (x.repeat_interleave(H // K, 1) for x in (prompt_k, prompt_v, own_k, own_v))
    q = q * d**-0.5
    together = q.view(P, -1, H, T, d).transpose(1, 2).reshape(P, H, -1, d)  # [P, H, G * T, d]
    prompt = together @ prompt_k.transpose(-1, -2)  # [P, H, G * T, S]
    if look is not None:
        prompt = prompt.masked_fill(~look, float("-inf"))
    prompt = prompt.view(P, H, -1, T, S).transpose(1, 2).reshape(B, H, T, S)
    own = q @ own_k.transpose(-1, -2)  # [B, H, T, U]
    if causal is not None:
        own = own.masked_fill(~causal, float("-inf"))
    weights = torch.cat((prompt, own), dim=-1).softmax(-1)
    from_prompt = weights[..., :S].view(P, -1, H, T, S).transpose(1, 2).reshape(P, H, -1, S) @ prompt_v  # [P, H, G * T, d]
    from_prompt = from_prompt.view(P, H, -1, T, d).transpose(1, 2).reshape(B, H, T, d)
    return from_prompt + weights[..., S:] @ own_v
