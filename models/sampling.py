"""Sampling with a key-value cache, and the exact log-probabilities of given tokens.

Shapes: P prompts, B rows that follow them, T tokens of the longest completion, V words.
"""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import torch
from torch import Tensor

from models.cache import Cache, Following, PromptCache
from models.cost import Passed, passed
from models.gpt import LanguageModel


@dataclass(frozen=True)
class Completions:
    """Sampled completions. Row b continues prompt b // (B / P)."""

    tokens: Tensor  # [B, T], 0 after the end
    lengths: Tensor  # [B] tokens of each completion
    mask: Tensor  # bool [B, T], true on sampled tokens, the end token included; false on what an observer appended
    logp: Tensor  # [B, T] log-probability of each sampled token under the sampling distribution; 0 off the mask
    forwarded: Passed  # of prompts and of distinct prefixes
    measured: tuple[Tensor, ...] = ()  # [B, T] for each measure; 0 off the mask


Measure = Callable[[Tensor], Tensor]  # of log-probabilities [N, V] -> [N]


def entropy(logs: Tensor) -> Tensor:  # [N, V] -> [N]
    """The entropy of distributions, in nats."""
    return torch.special.entr(logs.exp()).sum(-1)  # type: ignore[no-any-return]


def second(logs: Tensor) -> Tensor:  # [N, V] -> [N]
    """The log-probability of the second-likeliest token."""
    return logs.topk(2).values[:, 1]


Pick = Callable[[Tensor, Tensor], Tensor]  # of probabilities [N, V] and a number in [0, 1) each [N] -> tokens [N]


class Observer(Protocol):
    """Appends tokens to a completion. It must be a pure function: shared prefixes of completions are computed once."""

    @property
    def calls(self) -> Collection[int]: ...  # it is called after these tokens, if they were sampled
    def __call__(self, prompt: int, tokens: tuple[int, ...]) -> Sequence[int]: ...  # the completion so far -> tokens to append, maybe none


@torch.no_grad()
def generate(
    model: LanguageModel,
    prompts: Sequence[Sequence[int]],  # P prompts, of any lengths
    uniforms: Tensor,  # [B, limit] in [0, 1): the randomness of each token
    end: int,
    temperature: float = 1.0,
    measures: Sequence[Measure] = (),  # of the distributions that tokens are sampled from
    observer: Observer | None = None,
    pick: Pick | None = None,  # `invert`, unless given
) -> Completions:
    """Complete each prompt B / P times, up to `end` or `limit` tokens.

    The prompt and every shared prefix of its completions are computed once. A token is the inverse of the cumulative distribution at its
    uniform (or what `pick` makes of both), so the sample of a row depends only on its prompt and its uniforms, not on other rows. The
    uniform of a token that `observer` appends is skipped.

    Raises:
        ValueError: if there is no prompt, one is empty, or there is no room for the longest and its completion; if the
            uniforms have another shape or lie outside [0, 1), or B is no multiple of P; or if the temperature is not
            positive and finite, the end is no token, or the observer appends none.
    """
    possible(prompts, uniforms, temperature, model.config.context)
    if end < 0:
        raise ValueError(f"a completion ends with a token, from 0; found {end}")
    B, limit = uniforms.shape
    device = model.device
    padded, lengths = pad(prompts, device)
    shared = PromptCache(lengths)
    logits = model(padded, shared)[torch.arange(len(prompts)), lengths - 1]  # [N, V] after each of N prefixes
    cache = Cache(shared)
    tokens_read, keys_read = 0, torch.zeros((), dtype=torch.long, device=device)  # of distinct prefixes

    uniforms = uniforms.to(device)
    tokens = torch.zeros(B, limit, dtype=torch.long, device=device)
    mask = torch.zeros(B, limit, dtype=torch.bool, device=device)
    logp = torch.zeros(B, limit, dtype=logits.dtype, device=device)
    measured = tuple(torch.zeros_like(logp) for _ in measures)
    lengths = torch.zeros(B, dtype=torch.long, device=device)
    appended = observer and _Appended(observer, B // len(prompts), torch.full_like(tokens, -1))
    rows = torch.arange(B, device=device)  # [B'] rows that have not ended
    begun = rows // (B // len(prompts))  # [B'] in 0..N: the prefix of each row
    for t in range(limit):
        logs = (logits / temperature).log_softmax(-1)  # [N, V]
        new = (pick or invert)(logs.exp()[begun], uniforms[rows, t])  # [B']
        if appended:
            given = appended.tokens[rows, t]
            new = torch.where(given < 0, new, given)
        tokens[rows, t], lengths[rows], logp[rows, t] = new, t + 1, logs[begun, new]
        mask[rows, t] = given < 0 if appended else True
        for x, measure in zip(measured, measures, strict=True):
            x[rows, t] = measure(logs)[begun]
        going = new != end
        if appended:
            appended.ask(rows[going & (given < 0)], tokens[:, : t + 1], logits.shape[1])
        rows, begun, new = rows[going], begun[going], new[going]
        if t + 1 == limit or not len(rows):
            break
        V = logs.shape[1]
        longer, begun = torch.unique(begun * V + new, return_inverse=True)  # [N'], [B']
        cache.follow(longer // V)
        logits = model((longer % V)[:, None], cache)[:, 0]
        cache.written += 1
        tokens_read += len(longer)
        keys_read += shared.lengths[cache.owners].sum() + len(longer) * cache.written
    T = t + 1
    for x in (logp, *measured):
        x *= mask  # on appended tokens too
    forwarded = passed(shared.lengths) + Passed(tokens_read, int(keys_read))
    return Completions(tokens[:, :T], lengths, mask[:, :T], logp[:, :T], forwarded, tuple(x[:, :T] for x in measured))


class _Appended:
    """The tokens that an observer appends to B completions."""

    def __init__(self, observer: Observer, group: int, tokens: Tensor):  # [B, limit], -1 where the model chooses
        self.group, self.tokens, self.reply = group, tokens, cache(observer.__call__)
        self.calls = torch.tensor(list(observer.calls), dtype=torch.long, device=tokens.device)

    def ask(self, rows: Tensor, tokens: Tensor, vocab: int) -> None:  # [B'] of [B, t], whose last token was sampled
        """Store the answers to those of the rows that call; tokens beyond the limit are cut off."""
        rows = rows[torch.isin(tokens[rows, -1], self.calls)]
        for b, completion in zip(rows.tolist(), tokens[rows].tolist(), strict=True):
            answer = self.reply(b // self.group, tuple(completion))
            if strange := [token for token in answer if not 0 <= token < vocab]:
                raise ValueError(f"an observer appends tokens from 0 to {vocab - 1}; found {strange[0]}")
            room = self.tokens[b, len(completion) :][: len(answer)]
            room.copy_(torch.tensor(answer[: len(room)], dtype=torch.long))


def possible(prompts: Sequence[Sequence[int]], uniforms: Tensor, temperature: float, context: int) -> None:
    """Check that a model of this context can complete these prompts.

    Raises:
        ValueError: as `generate`.
    """
    if not prompts:
        raise ValueError("expected at least one prompt; found none")
    if empty := [i for i, prompt in enumerate(prompts) if not len(prompt)]:
        raise ValueError(f"expected prompts of at least one token; prompt {empty[0]} is empty")
    shape = tuple(uniforms.shape)
    if len(shape) != 2 or 0 in shape:
        raise ValueError(f"uniforms must be [B, limit] with at least one of each; found shape {shape}")
    if shape[0] % len(prompts):
        raise ValueError(f"uniforms has {shape[0]} rows, which is no multiple of the {len(prompts)} prompts")
    low, high = (float(end) for end in uniforms.aminmax())
    if not 0 <= low <= high < 1:
        raise ValueError(f"uniforms must lie in [0, 1); found {low} to {high}")
    if type(temperature) not in (int, float) or not 0 < temperature < math.inf:
        raise ValueError(f"the temperature must be positive and finite; found {temperature!r}")
    longest = max(len(prompt) for prompt in prompts)
    if longest + shape[1] - 1 > context:  # the last token is not read
        found = f"a prompt of {longest} tokens and up to {shape[1]} more take {longest + shape[1] - 1} tokens"
        raise ValueError(f"{found}, which exceeds the context of {context}; raise GPTConfig.context")


def invert(probabilities: Tensor, uniforms: Tensor) -> Tensor:  # [N, V], [N] -> [N]
    """The token at which the cumulative distribution passes each uniform."""
    cumulative = probabilities.cumsum(-1)
    passed = cumulative <= uniforms[:, None] * cumulative[:, -1:]
    return passed.sum(-1).clamp(max=probabilities.shape[-1] - 1)


def by_rank(probabilities: Tensor, shares: Tensor) -> Tensor:  # [N, V], [N] -> [N]
    """The token that so large a share of the vocabulary precedes in likelihood: at 0 the likeliest one. Of equally likely tokens the first
    of the vocabulary comes first."""
    order = probabilities.sort(dim=-1, descending=True, stable=True).indices  # [N, V]
    return order.gather(-1, (shares * order.shape[-1]).long()[:, None])[:, 0]


def pad(rows: Sequence[Sequence[int]], device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
    """Rows of tokens as [B, T], padded on the right with 0, and their lengths [B].

    Raises:
        ValueError: if there is no row.
    """
    if not rows:
        raise ValueError("there is no row to pad")
    lengths = [len(row) for row in rows]
    longest = max(lengths)
    padded = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows], dtype=torch.long, device=device)
    return padded, torch.tensor(lengths, device=device)


def completion_logits(model: LanguageModel, prompts: Tensor, lengths: Tensor, tokens: Tensor, owners: Tensor) -> Tensor:
    """The logits [B, T, V] by which each of `tokens` [B, T] was chosen, after `prompts` [P, S] of `lengths` [P].

    Row b follows prompt `owners[b]`; owners ascend. Each prompt goes through the model once, however many rows follow it, and gets
    gradients from all of them.

    Raises:
        ValueError: if the lengths are not those of the prompts, the owners are not ascending and one a row, or a sequence is
            longer than the context.
    """
    if owners.shape != tokens.shape[:1]:
        raise ValueError(f"there are {len(tokens)} completions, but owners of {len(owners)}")
    if lengths.shape != prompts.shape[:1] or not bool(((lengths >= 1) & (lengths <= prompts.shape[1])).all()):
        raise ValueError(f"lengths must be those of {len(prompts)} prompts, from 1 to {prompts.shape[1]}; found {lengths.tolist()}")
    if bool((owners.diff(prepend=owners.new_zeros(1)) < 0).any() | (owners >= len(prompts)).any()):  # one synchronisation with the device
        raise ValueError(f"owners must ascend from 0 to at most {len(prompts) - 1}; found {owners.tolist()}")
    prompts = prompts[:, : int(lengths.max())]  # the batch may be a part of one with longer prompts
    P, S = prompts.shape
    if len(tokens) == P and bool((lengths == S).all()):
        logits = model(torch.cat((prompts[owners], tokens[:, :-1]), dim=1))
        return logits[:, S - 1 :]
    shared = PromptCache(lengths)
    ends = model(prompts, shared)[torch.arange(P, device=lengths.device), lengths - 1]  # [P, V]
    first = ends[owners][:, None]  # [B, 1, V]
    if tokens.shape[1] == 1:
        return first
    return torch.cat((first, model(tokens[:, :-1], Following(shared, owners))), dim=1)


def chosen_logp(logits: Tensor, tokens: Tensor) -> Tensor:  # [B, T, V], [B, T] -> [B, T]
    """The exact log-probability of each token, at temperature 1.

    Raises:
        ValueError: if there is not one token for each row of logits.
    """
    if logits.shape[:-1] != tokens.shape:
        raise ValueError(f"expected logits [B, T, V] and tokens [B, T]; found {tuple(logits.shape)} and {tuple(tokens.shape)}")
    return logits.log_softmax(-1).gather(-1, tokens[..., None])[..., 0]
