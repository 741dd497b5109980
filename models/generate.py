"""Sampling with a cache, and the exact log-probabilities of given words.

Shapes: P prompts, G completions of each, B = P * G rows, T tokens of the longest completion, V words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.cache import Cache, Following, Prompts
from models.gpt import GPT

CROWDED = 0.75  # of the rows in memory: when fewer would hold all that are still being written, the others leave


@dataclass(frozen=True)
class Completions:
    """What was sampled. Row b continues prompt b // G."""

    tokens: Tensor  # [B, T], 0 after the end
    mask: Tensor  # bool [B, T], true on sampled tokens, the end token included
    logp: Tensor  # [B, T] log-probability of each sampled token under the distribution it came from; 0 off the mask
    forwarded: int  # tokens that went through the model


@torch.no_grad()
def generate(
    model: GPT,
    prompts: Sequence[Sequence[int]],  # P prompts, of any lengths
    uniforms: Tensor,  # [B, limit] in [0, 1): the randomness of each token
    end: int,
    temperature: float = 1.0,
) -> Completions:
    """Complete each prompt B / P times, up to `end` or `limit` tokens.

    A prompt is computed once for its group. A token is the inverse of the cumulative distribution at its uniform: so a
    row's sample depends on its prompt and its uniforms alone, not on the rows beside it nor on when those leave.

    Raises:
        ValueError: if there is no prompt, one is empty, nothing may be sampled, B is no multiple of P, or the temperature is
            not positive.
    """
    B, limit = uniforms.shape
    if not all(prompts) or not prompts or limit < 1:
        raise ValueError(f"expected prompts of at least one token and a limit of at least 1; found {len(prompts)} prompts, limit {limit}")
    if B % len(prompts):
        raise ValueError(f"uniforms has {B} rows, which is no multiple of the {len(prompts)} prompts")
    if temperature <= 0:
        raise ValueError(f"the temperature must be positive; found {temperature}")
    device = model.head.weight.device
    padded, lengths = pad(prompts, device)
    read = Prompts(lengths)
    group = B // len(prompts)
    logits = model(padded, read)[torch.arange(len(prompts)), lengths - 1].repeat_interleave(group, 0)  # [B, V]
    cache = Cache.after(read, group, limit)
    forwarded = int(lengths.sum())

    uniforms = uniforms.to(device)
    tokens = torch.zeros(B, limit, dtype=torch.long, device=device)
    mask = torch.zeros(B, limit, dtype=torch.bool, device=device)
    logp = torch.zeros(B, limit, dtype=logits.dtype, device=device)
    rows = torch.arange(B, device=device).view(-1, group)  # [P', G']: of `tokens`, those that the cache holds
    alive = torch.ones_like(rows, dtype=torch.bool)  # of those, the ones not yet ended
    for t in range(limit):
        logs = (logits / temperature).log_softmax(-1)  # [B', V]
        flat, writing = rows.view(-1), alive.view(-1)  # [B']
        new = invert(logs.exp(), uniforms[flat, t])  # [B']
        tokens[flat[writing], t] = new[writing]
        mask[flat, t] = writing
        logp[flat[writing], t] = logs.gather(1, new[:, None])[writing, 0]
        alive = alive & (new != end).view_as(alive)
        if t + 1 == limit or not alive.any():
            break
        stay = crowd(alive)
        if stay is not None:
            prompts_left, columns = stay
            index = (prompts_left[:, None] * rows.shape[1] + columns).view(-1)  # of the cache's rows
            cache, new = cache.select(prompts_left, index), new[index]
            rows, alive = rows.view(-1)[index].view_as(columns), alive.view(-1)[index].view_as(columns)
        logits = model(new[:, None], cache)[:, 0]
        cache.written += 1
        forwarded += rows.numel()
    T = t + 1
    return Completions(tokens[:, :T], mask[:, :T], logp[:, :T], forwarded)


def crowd(alive: Tensor) -> tuple[Tensor, Tensor] | None:  # bool [P, G] -> [P'], [P', G']
    """Which prompts, and which columns of each, still hold every row that is being written; None if too few leave."""
    prompts = alive.any(1).nonzero()[:, 0]  # [P']
    width = int(alive.sum(1).max())  # G'
    if len(prompts) * width >= CROWDED * alive.numel():
        return None
    return prompts, alive[prompts].int().argsort(dim=1, descending=True, stable=True)[:, :width]


def invert(probabilities: Tensor, uniforms: Tensor) -> Tensor:  # [N, V], [N] -> [N]
    """The token at which the cumulative distribution passes each uniform."""
    cumulative = probabilities.cumsum(-1)
    passed = cumulative <= uniforms[:, None] * cumulative[:, -1:]
    return passed.sum(-1).clamp(max=probabilities.shape[-1] - 1)


def pad(rows: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Rows of tokens as [B, T], padded on the right with 0, and their lengths [B]."""
    lengths = [len(row) for row in rows]
    longest = max(lengths)
    padded = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows], dtype=torch.long, device=device)
    return padded, torch.tensor(lengths, device=device)


def completion_logits(model: nn.Module, prompts: Tensor, lengths: Tensor, tokens: Tensor) -> Tensor:
    """The logits [B, T, V] by which each of `tokens` [B, T] was chosen, after `prompts` [P, S] of `lengths` [P].

    Row b follows prompt b // (B / P). Each prompt goes through the model once, however many rows follow it, and
    gradients reach it through all of them.
    """
    prompts = prompts[:, : int(lengths.max())]  # these may be some of a batch that holds a longer one
    P, S = prompts.shape
    group = len(tokens) // P
    if group == 1 and bool((lengths == S).all()):
        logits: Tensor = model(torch.cat((prompts, tokens[:, :-1]), dim=1))
        return logits[:, S - 1 :]
    read = Prompts(lengths)
    ends: Tensor = model(prompts, read)[torch.arange(P, device=lengths.device), lengths - 1]  # [P, V]
    first = ends.repeat_interleave(group, 0)[:, None]  # [B, 1, V]
    if tokens.shape[1] == 1:
        return first
    return torch.cat((first, model(tokens[:, :-1], Following(read, group))), dim=1)


def chosen_logp(logits: Tensor, tokens: Tensor) -> Tensor:  # [B, T, V], [B, T] -> [B, T]
    """The exact log-probability of each token, at temperature 1."""
    return logits.log_softmax(-1).gather(-1, tokens[..., None])[..., 0]
