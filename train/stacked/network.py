"""Networks that learn and sample as one. Each keeps its own weights, moments, rate and steps; the passes through the model are one.

What a network asks for is padded to the largest among the networks, and to one of few sizes, so that few shapes are captured. A row that
pads is a copy of a real one, whose loss is left out.

Shapes: R networks, P prompts and B rows of each, S prompt tokens, T tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import torch
from torch import Tensor
from torch.optim import Optimizer

from models.fixed import Sampling, row_logits
from models.gpt import GPT
from models.replay import Replay
from models.sampling import Completions, chosen_logp, pad
from models.stack import share, stack
from train.optim import Optim
from train.run import Asked, Term
from train.stacked.optimizer import StackedOptimizer
from train.stages.stage import Meets
from train.step import Terms

FEW = 16  # policies whose samples are in memory at a time
STEP = 16  # prompts and tokens are padded to a multiple of it


@dataclass(frozen=True, eq=False)
class Joining:
    """A network that joins a stack: its weights and moments become views of the stack's."""

    model: GPT
    optimizer: Optimizer
    optim: Optim
    meeting: Meets


@dataclass(frozen=True, eq=False)
class Member:
    """A network in a stack."""

    of: Stacked
    which: int
    meeting: Meets

    def step(self, terms: Terms, rate: float) -> tuple[list[float], float | None]:
        """As `train.step.Network`."""
        listed = [(weight, [_term(part) for part in parts]) for weight, parts in terms]
        return self.meeting.ask(self.of.step, (self.which, listed, rate))

    def draw(self, asked: Asked) -> Completions:
        """Its completions, as `Run.complete`."""
        return self.meeting.ask(self.of.draw, (self.which, asked))


def _term(part: Term | Tensor) -> Term:
    if not isinstance(part, Term):
        raise ValueError(f"a loss that says by `stacks` that it can be stacked yields terms (train.run.Term); found {type(part).__name__}")
    return part


def join(joining: list[Joining]) -> list[Member]:
    """Make one stack of these networks."""
    stacked = Stacked([j.model for j in joining], joining[0].optim)
    for which, j in enumerate(joining):
        share(stacked.model, which, j.model)
        stacked.optimizer.attach(which, j.model, j.optimizer)
    return [Member(stacked, which, j.meeting) for which, j in enumerate(joining)]


class Stacked:
    """R networks of one shape."""

    def __init__(self, models: Sequence[GPT], optim: Optim):
        self.model = stack(models)
        self.optimizer = StackedOptimizer(self.model, optim)
        self._update = Replay(self.optimizer.step, self.optimizer.state)
        self._passes: dict[tuple[object, ...], Replay] = {}
        self._samplings: dict[tuple[object, ...], Sampling] = {}

    def step(self, asked: list[tuple[int, list[tuple[float, list[Term]]], float]]) -> list[tuple[list[float], float | None]]:
        """Steps of networks: their numbers, their terms, their rates."""
        R, device = self.model.networks, self.model.device
        torch._foreach_zero_(self.optimizer.gradients)
        moving, rates = torch.zeros(R, dtype=torch.bool), torch.zeros(R)
        values = torch.zeros(len(asked[0][1]), R, device=device)
        for number in range(len(values)):
            for parts in zip_longest(*(losses[number][1] for _, losses, _ in asked)):
                here = {which: part for (which, _, _), part in zip(asked, parts, strict=True) if part is not None}
                values[number] += self._pass(here, asked[0][1][number][0])
                moving[list(here)] = True
        rates[[which for which, _, _ in asked]] = torch.tensor([rate for _, _, rate in asked])
        usable = moving.to(device) & values.isfinite().all(0)
        (norms,) = self._update(rates.to(device), usable) if bool(moving.any()) else (values.new_zeros(R),)
        found = torch.cat((values, norms[None])).T.tolist()  # waits for the GPU, once a step
        return [(found[which][:-1], found[which][-1] if moving[which] else None) for which, _, _ in asked]

    def _pass(self, terms: dict[int, Term], weight: float) -> Tensor:  # [R]
        """Add up the gradients of one term of each of these networks, and return the values of the terms."""
        R, device, given = self.model.networks, self.model.device, list(terms.values())
        kinds = {(term.loss, term.temperature) for term in given}
        if len(kinds) > 1:
            raise ValueError(f"losses with an equal `stacks` have terms of one kind; found {kinds}")
        full = [_whole(term) for term in given]
        P, group = (
            _size(max(len(term.prompts) for term in given)),
            max(len(r[0]) // len(t.prompts) for t, r in zip(given, full, strict=True)),
        )
        S, T = max(term.prompts.shape[1] for term in given), _up(max(rows[0].shape[1] for rows in full), STEP)
        grids = [_grid(term, rows, P, group) for term, rows in zip(given, full, strict=True)]
        places = dict(zip(terms, grids, strict=True))
        every = [places.get(which, grids[0]) for which in range(R)]
        real = torch.cat([grid[2] & (which in places) for which, grid in enumerate(every)])
        prompts, lengths = _stacked([grid[0] for grid in every], S), torch.cat([grid[1] for grid in every])
        tensors = [_stacked(list(x), T) for x in zip(*(grid[3] for grid in every), strict=True)]
        ragged = bool((lengths != S).any())
        key = (*kinds.pop(), ragged, weight)
        if key not in self._passes:
            self._passes[key] = Replay(self._backward(*key), self.optimizer.gradients)
        inputs = (x.to(device, non_blocking=True) for x in (prompts, lengths, real, *tensors))
        return self._passes[key](*inputs)[0]

    def _backward(self, loss: Callable[..., Tensor], temperature: float, ragged: bool, weight: float) -> Callable[..., tuple[Tensor, ...]]:
        def run(prompts: Tensor, lengths: Tensor, real: Tensor, tokens: Tensor, *given: Tensor) -> tuple[Tensor, ...]:
            with torch.enable_grad():
                logp = chosen_logp(row_logits(self.model, prompts, lengths, tokens, ragged) / temperature, tokens)
                values = torch.where(real[:, None], loss(logp, *given), 0.0).view(self.model.networks, -1).sum(1)  # [R]
                (weight * values.sum()).backward()  # type: ignore[no-untyped-call]
            return (values.detach(),)

        return run

    def draw(self, asked: list[tuple[int, Asked]]) -> list[Completions]:
        """Completions of networks: their numbers, their prompts."""
        which = [number for number, _ in asked]
        return complete(self.model, which, [each for _, each in asked], self._samplings)


def complete(model: GPT, which: Sequence[int], asked: Sequence[Asked], samplings: dict[tuple[object, ...], Sampling]) -> list[Completions]:
    """Completions of these networks of a stack; `samplings` remembers what was captured.

    Raises:
        ValueError: if an observer is to answer: what it appends differs from network to network.
    """
    R, device = model.networks, model.device
    if any(each.observer for each in asked):
        raise ValueError("networks in a stack are answered by no observer; leave its stages unstacked (`stacks` None)")
    alike = {(each.end, each.temperature, each.measures, len(each.uniforms) // len(each.prompts)) for each in asked}
    if len(alike) > 1:
        raise ValueError(f"networks that sample as one end, are tempered, measured and grouped alike; found {alike}")
    end, temperature, measures, group = alike.pop()
    padded = [pad(each.prompts) for each in asked]
    P, S = max(len(prompts) for prompts, _ in padded), max(prompts.shape[1] for prompts, _ in padded)
    limit = _up(max(each.uniforms.shape[1] for each in asked), STEP)
    limit = min(limit, model.config.context - S + 1)
    order = dict(zip(which, range(len(asked)), strict=True))
    every = [order.get(number, 0) for number in range(R)]  # networks that ask for nothing do what the first does
    repeated = [torch.arange(P) % len(prompts) for prompts, _ in padded]  # prompts that pad are copies
    prompts = _stacked([padded[i][0][repeated[i]] for i in every], S)
    lengths = torch.cat([padded[i][1][repeated[i]] for i in every])
    uniforms = _stacked([asked[i].uniforms.view(-1, group, asked[i].uniforms.shape[1])[repeated[i]].flatten(0, 1) for i in every], limit)
    ragged = bool((lengths != S).any())
    key = (P, S, group, limit, temperature, measures, ragged)
    if key not in samplings:
        samplings[key] = Sampling(model, (R * P, S), R * P * group, limit, temperature, measures, ragged)
    drawn = samplings[key](prompts.to(device), lengths.to(device), uniforms.to(device), end)
    return [_part(drawn, each, number * P * group) for number, each in zip(which, asked, strict=True)]


def sample_as_one(asked: list[tuple[GPT, Asked]]) -> list[Completions]:
    """Completions of several policies, a few of which are stacked at a time."""
    few = [asked[i : i + FEW] for i in range(0, len(asked), FEW)]
    return [c for some in few for c in complete(stack([m for m, _ in some]), range(len(some)), [each for _, each in some], {})]


def _part(drawn: Completions, asked: Asked, first: int) -> Completions:
    """The completions of one network, on the CPU, as if it had been alone."""
    B, limit = asked.uniforms.shape
    rows = slice(first, first + B)
    lengths = drawn.lengths[rows].clamp(max=limit).cpu()
    T = int(lengths.max())
    mask = torch.arange(T) < lengths[:, None]
    tokens, logp, *measured = (x[rows, :T].cpu() * mask for x in (drawn.tokens, drawn.logp, *drawn.measured))
    forwarded = int(lengths.sum()) + sum(map(len, asked.prompts))
    return Completions(tokens, lengths, mask, logp, forwarded, tuple(measured))


def _whole(term: Term) -> tuple[Tensor, ...]:
    """The tokens of a term [B, T] and what is given for them, a row for each of the loss, equally many for each prompt.

    Raises:
        ValueError: if prompts have different numbers of rows.
    """
    tokens, owners = (term.tokens, term.owners) if term.rows is None else (term.tokens[term.rows], term.owners[term.rows])
    if not torch.equal(owners, torch.arange(len(term.prompts)).repeat_interleave(len(tokens) // len(term.prompts))):
        raise ValueError(f"in a stack, each prompt of a term has equally many rows, in order; found owners {owners.tolist()}")
    return (tokens, *term.given)


def _grid(term: Term, rows: Sequence[Tensor], prompts: int, group: int) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
    """A term padded to P prompts of `group` rows each: its prompts, their lengths, bool [P * group] true for real rows, and the rows."""
    n, G = len(term.prompts), len(rows[0]) // len(term.prompts)
    prompt, seat = torch.arange(prompts), torch.arange(group)
    asked = prompt.where(prompt < n, 0)  # what pads is a copy of the first prompt, or of the first row of a prompt
    which = (asked[:, None] * G + seat.where(seat < G, 0)).flatten()
    real = ((prompt < n)[:, None] & (seat < G)).flatten()
    return term.prompts[asked], term.prompt_lengths[asked], real, [x[which] for x in rows]


def _size(number: int) -> int:
    """The next of the numbers 1, 2, 3, 4, 6, 8, 12, 16, 24, ..."""
    power = 1 << (number - 1).bit_length()
    return 3 * power // 4 if power >= 4 and number <= 3 * power // 4 else power


def _up(number: int, step: int) -> int:
    return -(-number // step) * step


def _stacked(parts: Sequence[Tensor], width: int) -> Tensor:  # [B, t] each -> [R * B, width]
    """The rows of all, padded on the right with 0."""
    whole = parts[0].new_zeros(len(parts), len(parts[0]), width)
    for place, part in zip(whole, parts, strict=True):
        place[:, : part.shape[1]] = part
    return whole.flatten(0, 1)
