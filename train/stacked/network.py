"""Networks that learn and sample as one. Each keeps its own weights, moments, rate and steps; the passes through the model are one.

What a network asks for is padded to the largest among the networks, and to one of few sizes, so that few shapes are captured. A row that
pads is a copy of a real one; what a loss makes of padding is left out, with its gradient, even where it is not finite.

Shapes: R networks, P prompts and B rows of each, S prompt tokens, T tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim import Optimizer

from models.cost import Passed, passed
from models.fixed import Sampling, row_logits
from models.gpt import GPT
from models.replay import Replay
from models.sampling import Completions, chosen_logp, possible
from models.stack import share, stack
from train.ledger import as_bytes
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
        listed = [(weight, [_term(part, self.of.model.config.context) for part in parts]) for weight, parts in terms]
        return self.meeting.ask(self.of.step, (self.which, listed, rate))

    def draw(self, asked: Asked) -> Completions:
        """Its completions, as `Run.complete`."""
        lengths = [range(length) for length in asked.lengths.tolist()]  # all that counts of the prompts here
        possible(lengths, asked.uniforms, asked.temperature, self.of.model.config.context)
        return self.meeting.ask(self.of.draw, (self.which, asked))


def _term(part: Term | Tensor, context: int) -> Term:
    if not isinstance(part, Term):
        raise ValueError(f"a loss that says by `stacks` that it can be stacked yields terms (train.run.Term); found {type(part).__name__}")
    if (longest := int(part.prompt_lengths.max()) + part.tokens.shape[1] - 1) > context:  # the last token is not read
        raise ValueError(f"a sequence of {longest} tokens exceeds the context of {context}; raise GPTConfig.context")
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
        usable = moving.to(device, non_blocking=True) & values.isfinite().all(0)
        (norms,) = self._update(rates.to(device, non_blocking=True), usable) if bool(moving.any()) else (values.new_zeros(R),)
        found = torch.cat((values, norms[None])).T.tolist()  # waits for the GPU, once a step
        return [(found[which][:-1], found[which][-1] if moving[which] else None) for which, _, _ in asked]

    def _pass(self, terms: dict[int, Term], weight: float) -> Tensor:  # [R]
        """Add up the gradients of one term of each of these networks, and return the values of the terms."""
        R, device, given = self.model.networks, self.model.device, list(terms.values())
        kinds = {(term.loss, term.temperature) for term in given}
        if len(kinds) > 1:
            raise ValueError(f"losses with an equal `stacks` have terms of one kind; found {kinds}")
        seated = [_seats(term) for term in given]
        P, G = _size(max(len(term.prompts) for term in given)), 1 + max(int(seats.max()) for _, seats in seated)
        S, T = max(term.prompts.shape[1] for term in given), _up(max(term.tokens.shape[1] for term in given), STEP)
        prompts, lengths = torch.zeros(R * P, S, dtype=torch.long), torch.full((R * P,), S)
        real = torch.zeros(R * P * G, T, dtype=torch.bool)
        tensors = [F.pad(x[:1], (0, T - x.shape[1])).repeat(R * P * G, 1) for x in _rows(given[0])]  # rows that pad are all the first
        for (which, term), (owners, seats) in zip(terms.items(), seated, strict=True):
            (n, s), t, first, rows = term.prompts.shape, term.tokens.shape[1], which * P, (which * P + owners) * G + seats
            prompts[first : first + n, :s] = term.prompts
            lengths[first : first + n] = term.prompt_lengths
            real.numpy()[rows, :t] = True
            for x, own in zip(tensors, _rows(term), strict=True):
                place = x.numpy()  # which numpy fills in a fraction of the time of torch
                place[rows, :t], place[rows, t:] = own.numpy(), 0
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
                losses = torch.where(real, loss(torch.where(real, logp, 0.0), *given), 0.0)  # twice: 0 times inf is no gradient of 0
                values = losses.view(self.model.networks, -1).sum(1)  # [R]
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
    padded = [(each.prompts, each.lengths) for each in asked]
    P, S = max(len(prompts) for prompts, _ in padded), max(prompts.shape[1] for prompts, _ in padded)
    limit = _up(max(each.uniforms.shape[1] for each in asked), STEP)
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
    prompts, lengths, uniforms = (x.to(device, non_blocking=True) for x in (prompts, lengths, uniforms))
    drawn = samplings[key](prompts, lengths, uniforms, end)
    tokens, lengths, mask, logp, *measured = (x.cpu() for x in (drawn.tokens, drawn.lengths, drawn.mask, drawn.logp, *drawn.measured))
    drawn = Completions(tokens, lengths, mask, logp, drawn.forwarded, tuple(measured))
    return [_part(drawn, each, number * P * group) for number, each in zip(which, asked, strict=True)]


def sample_as_one(asked: list[tuple[GPT, Asked]]) -> list[Completions]:
    """Completions of several policies, a few of which are stacked at a time."""
    few = [asked[i : i + FEW] for i in range(0, len(asked), FEW)]
    return [c for some in few for c in complete(stack([m for m, _ in some]), range(len(some)), [each for _, each in some], {})]


def _part(drawn: Completions, asked: Asked, first: int) -> Completions:
    """The completions of one network, as if it had been alone."""
    B, limit = asked.uniforms.shape
    rows = slice(first, first + B)
    lengths = drawn.lengths[rows].clamp(max=limit)
    T = int(lengths.max())
    mask = torch.arange(T) < lengths[:, None]
    tokens, logp, *measured = (x[rows, :T] * mask for x in (drawn.tokens, drawn.logp, *drawn.measured))
    forwarded = passed(asked.lengths) + _prefixes(tokens, lengths, asked.lengths)
    return Completions(tokens, lengths, mask, logp, forwarded, tuple(measured))


def _prefixes(tokens: Tensor, lengths: Tensor, prompts: Tensor) -> Passed:  # [B, T], [B], [P] tokens of the prompts
    """The prefixes of completions after which a token was chosen; those of one prompt that are equal count once."""
    (B, T), group = tokens.shape, len(tokens) // len(prompts)
    read = (tokens + 1) * (torch.arange(T) < lengths[:, None] - 1)  # 0 where no token is chosen afterwards
    rows = torch.cat(((torch.arange(B) // group)[:, None], read), dim=1)
    rows = rows[torch.from_numpy(np.argsort(as_bytes(rows)))]  # rows that begin alike are neighbours
    known = (rows[1:] == rows[:-1]).cumprod(1)[:, 1:].bool()  # the prefixes that a row shares with the row before it
    new = rows[:, 1:] > 0
    new[1:] &= ~known
    keys = prompts[rows[:, 0]][:, None] + torch.arange(1, T + 1)  # that a token reads at each place
    return Passed(int(new.sum()), int((new * keys).sum()))


def _rows(term: Term) -> tuple[Tensor, ...]:  # [B, T] each
    """The tokens of a term's rows, and what is given for them."""
    return (term.tokens if term.rows is None else term.tokens[term.rows], *term.given)


def _seats(term: Term) -> tuple[np.ndarray, np.ndarray]:
    """The prompt [B] of each row of a term, and its number [B] among the rows of that prompt."""
    owners = (term.owners if term.rows is None else term.owners[term.rows]).numpy()
    order, counts = owners.argsort(kind="stable"), np.bincount(owners)
    seats = np.empty_like(owners)
    seats[order] = np.arange(len(owners)) - (counts.cumsum() - counts)[owners[order]]
    return owners, seats


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
