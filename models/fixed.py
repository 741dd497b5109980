"""Passes of fixed shapes, in which nothing waits for the GPU, so that they can be captured. Where completions grow, each prompt has G of
them.

Shapes: P prompts, G rows of each, B = P * G, S prompt tokens, T tokens of the rows, V words, D width, K heads of keys, d = D / H.
In a stack, P prompts and B rows are those of all networks.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from models.cache import Cache, Following, PromptCache
from models.cost import passed
from models.gpt import GPT
from models.layers import attend
from models.replay import Replay
from models.sampling import Completions, Measure, invert

WINDOW = 32  # tokens by which the part of a completion that a step reads grows; each size is captured
LOOK = 16  # steps between two looks at whether every completion has ended; a look waits for the GPU


class Prompts(PromptCache):
    """Recorded prompts, all of them [P, S] tokens long, or `ragged`."""

    def __init__(self, lengths: Tensor, longest: int, ragged: bool):  # [P]
        self.lengths, self.longest, self.ragged = lengths, longest, ragged
        self.keys, self.values, self.tails = [], [], []

    @property
    def mask(self) -> Tensor | None:  # type: ignore[override]  # bool [P, 1, 1, S], of lengths that may change
        return (torch.arange(self.longest, device=self.lengths.device) < self.lengths[:, None])[:, None, None] if self.ragged else None

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        self.keys.append(k)
        self.values.append(v)
        return attend(q, k, v)

    def read(self, layer: int, q: Tensor, own: Tensor) -> tuple[Tensor, Tensor]:
        """Attention of queries [B, H, T, d] to the prompts of their rows and to own tokens of scores [B, H, T, U], under one softmax.

        Returns the part of the prompts, [B, H, T, d], and the weights of own tokens, [B, H, T, U]. One product reads a prompt for all its
        rows.
        """
        (B, H, _, d), (P, K, S, _) = q.shape, self.keys[layer].shape
        asked = _by_prompt(q * d**-0.5, P).reshape(P, K, -1, d)
        scores = (asked @ self.keys[layer].transpose(-1, -2)).view(P, H, -1, S)  # [P, H, G * T, S]
        if self.mask is not None:
            scores = scores.masked_fill(~self.mask, float("-inf"))
        weights = torch.cat((scores, _by_prompt(own, P)), dim=-1).softmax(-1)  # [P, H, G * T, S + U]
        read = weights[..., :S].reshape(P, K, -1, S) @ self.values[layer]  # [P, K, H / K * G * T, d]
        return _by_row(read.view(P, H, -1, d), B), _by_row(weights[..., S:], B)


def _by_prompt(x: Tensor, prompts: int) -> Tensor:  # [B, H, T, n] -> [P, H, G * T, n]
    return x.view(prompts, -1, *x.shape[1:]).transpose(1, 2).flatten(2, 3)


def _by_row(x: Tensor, rows: int) -> Tensor:  # [P, H, G * T, n] -> [B, H, T, n]
    P, H, _, n = x.shape
    return x.view(P, H, rows // P, -1, n).transpose(1, 2).flatten(0, 1)


class Rows(Following):
    """Whole completions after their prompts. Padding, of the prompts or behind the rows, may lie beyond the context."""

    def __init__(self, prompts: Prompts, owners: Tensor, context: int):  # [B]
        super().__init__(prompts, owners)
        self.context = context

    def length(self, new: int) -> int:
        return min(super().length(new), self.context)

    def positions(self, new: int) -> Tensor:  # [B, T]
        return super().positions(new).clamp(max=self.context - 1)


def row_logits(model: GPT, prompts: Tensor, lengths: Tensor, tokens: Tensor, owners: Tensor, ragged: bool) -> Tensor:
    """The logits [B, T, V] by which each of `tokens` [B, T] was chosen, after `prompts` [P, S] of `lengths` [P], of `owners` [B]."""
    shared = Prompts(lengths, prompts.shape[1], ragged)
    ends = model(prompts, shared)[torch.arange(len(prompts), device=lengths.device), lengths - 1]  # [P, V]
    first: Tensor = ends[owners][:, None]
    if tokens.shape[1] == 1:
        return first
    rest: Tensor = model(tokens[:, :-1], Rows(shared, owners, model.config.context))
    return torch.cat((first, rest), 1)


class Growing(Cache):
    """Completions that grow by one token at a time, in buffers for `limit` tokens."""

    def __init__(self, model: GPT, prompts: Prompts, rows: int, limit: int):
        c, like, P = model.config, model.head.weight, len(prompts.lengths)
        d, size = c.width // c.heads, max(c.conv - 1, 0)
        own, given = (rows, limit, c.kv_heads, d), (P, c.kv_heads, prompts.longest, d)
        self.prompts: Prompts = prompts
        self.keys, self.values = ([like.new_zeros(own) for _ in range(c.layers)] for _ in range(2))
        prompts.keys, prompts.values = ([like.new_zeros(given) for _ in range(c.layers)] for _ in range(2))
        self.tails = [like.new_zeros(rows, size, c.width) for _ in range(2 * c.layers if c.conv else 0)]
        self.at = torch.zeros(1, dtype=torch.long, device=like.device)  # tokens of every completion so far
        self.places, self.last = torch.arange(limit, device=like.device), c.context - 1  # [U]; a step reads so many of the `limit`
        self.owners = torch.arange(P, device=like.device).repeat_interleave(rows // P)

    def length(self, new: int) -> int:
        return min(self.prompts.longest + new, self.last + 1)

    def positions(self, new: int) -> Tensor:  # [B, 1]
        return (self.prompts.lengths[self.owners][:, None] + self.at).clamp(max=self.last)  # what follows the last token is not used

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """As `Cache.attend`. Scores of one query a row are sums of products: for matrices so thin cuBLAS reads memory at a fourth of
        its rate (H200)."""
        (B, H, _, d), K, U = q.shape, k.shape[1], len(self.places)
        self.keys[layer].index_copy_(1, self.at, k.transpose(1, 2))
        self.values[layer].index_copy_(1, self.at, v.transpose(1, 2))
        keys, values = self.keys[layer][:, :U], self.values[layer][:, :U]  # [B, U, K, d]
        own = ((q * d**-0.5).view(B, 1, K, -1, d) * keys[:, :, :, None]).sum(-1).flatten(2).transpose(1, 2)  # [B, H, U]
        from_prompt, weights = self.prompts.read(layer, q, own.masked_fill(self.places > self.at, float("-inf"))[:, :, None])
        every = weights[:, :, 0] @ values.flatten(2)  # [B, H, K * d]
        mine = every.view(B, K, -1, K, d).diagonal(dim1=1, dim2=3).movedim(-1, 1)  # [B, K, H / K, d]
        return from_prompt + mine.reshape(B, H, 1, d)

    def convolve(self, index: int, x: Tensor, size: int) -> Tensor:  # [B, 1, D] -> [B, size + 1, D]
        seen = torch.cat((self.tails[index], x), dim=1)
        self.tails[index].copy_(seen[:, 1:])
        return seen

    def begin(self, read: Prompts) -> None:
        """Begin anew after these prompts."""
        for place, x in zip((*self.prompts.keys, *self.prompts.values), (*read.keys, *read.values), strict=True):
            place.copy_(x)
        for place, x in zip(self.tails, read.tails, strict=True):
            place.copy_(x.repeat_interleave(len(place) // len(x), 0))
        self.prompts.lengths.copy_(read.lengths)
        self.at.zero_()


class Sampling:
    """Samples completions of P prompts, G each, of at most `limit` tokens, again and again; the weights may change in between.

    The randomness, and so the sample of a row, is that of `models.sampling.generate`.
    """

    def __init__(
        self, model: GPT, prompts: tuple[int, int], rows: int, limit: int, temperature: float, measures: Sequence[Measure], ragged: bool
    ):
        device, V = model.device, model.config.vocab
        self.model, self.temperature, self.measures, self.ragged = model, temperature, tuple(measures), ragged
        self.cache = Growing(model, Prompts(torch.ones(prompts[0], dtype=torch.long, device=device), prompts[1], ragged), rows, limit)
        self.logits = torch.zeros(rows, V, device=device)
        self.uniforms = torch.zeros(limit, rows, device=device)
        self.tokens = torch.zeros(limit, rows, dtype=torch.long, device=device)
        self.facts = torch.zeros(1 + len(self.measures), limit, rows, device=device)  # log-probability, then each measure
        cache, self.places = self.cache, self.cache.places
        self._begin, self._one = Replay(self._read), Replay(self._step, (self.logits, cache.at, *cache.tails))

    @torch.no_grad()
    def _read(self, prompts: Tensor, lengths: Tensor, uniforms: Tensor) -> tuple[Tensor, ...]:
        """Begin anew after these prompts."""
        read = Prompts(lengths, prompts.shape[1], self.ragged)
        ends = self.model(prompts, read)[torch.arange(len(prompts), device=lengths.device), lengths - 1]  # [P, V]
        self.cache.begin(read)
        self.logits.copy_(ends.repeat_interleave(len(uniforms) // len(prompts), 0))
        self.uniforms.copy_(uniforms.T)
        return ()

    @torch.no_grad()
    def _step(self, places: Tensor) -> tuple[Tensor, ...]:  # [U] of the tokens so far, and of some more
        cache, at = self.cache, self.cache.at
        cache.places = places
        logs = (self.logits / self.temperature).log_softmax(-1)  # [B, V]
        new = invert(logs.exp(), self.uniforms.index_select(0, at)[0])
        self.tokens.index_copy_(0, at, new[None])
        facts = torch.stack([logs.gather(1, new[:, None])[:, 0], *(measure(logs) for measure in self.measures)])
        self.facts.index_copy_(1, at, facts[:, None])
        self.logits.copy_(self.model(new[:, None], cache)[:, 0])
        at.add_(1)
        return ()

    @torch.no_grad()
    def __call__(self, prompts: Tensor, lengths: Tensor, uniforms: Tensor, end: int) -> Completions:
        """Complete `prompts` [P, S] of `lengths` [P]; `uniforms` [B, limit] lie in [0, 1). Tokens beyond the end are 0."""
        self._begin(prompts, lengths, uniforms)
        for t in range(len(self.uniforms)):
            self._one(self.places[: -(-(t + 1) // WINDOW) * WINDOW])
            if (t + 1) % LOOK == 0 and bool((self.tokens[: t + 1] == end).any(0).all()):
                break
        tokens = self.tokens[: t + 1].T.contiguous()
        ended = tokens == end
        lengths = torch.where(ended.any(1), ended.int().argmax(1) + 1, t + 1)
        T = int(lengths.max())
        mask = torch.arange(T, device=tokens.device) < lengths[:, None]
        logp, *measured = (facts[: t + 1].T[:, :T] * mask for facts in self.facts)
        given = self.cache.prompts.lengths  # [P]
        forwarded = passed(given) + passed(lengths - 1, given.repeat_interleave(len(lengths) // len(given)))  # each row alone
        return Completions(tokens[:, :T] * mask, lengths, mask, logp, forwarded, tuple(measured))
