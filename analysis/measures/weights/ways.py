"""Policies on their way from a base: success on new problems, forgetting, divergence, and the norm of the update. Two ways are compared
where both succeed equally often."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from analysis.measures.effects.distance import FORWARD, REVERSE
from analysis.measures.effects.likelihood import Likelihood, Likelihoods, read_likelihood
from analysis.measures.estimates import exact_pass_at_k
from analysis.measures.exact import scored
from analysis.measures.facts import Cell, Fact
from analysis.measures.weights.changed import difference, in_a_row
from train.policy import load_policy
from train.stages.stage import Shelf

if TYPE_CHECKING:
    from torch import Tensor

SUCCESS, LOSS, OF_SOLUTION = "pass@1 on new problems", "log10 of the loss in distribution", "surprise at a solution"
ROUNDING = 1e-9  # nats: the least loss that single precision tells from none


@dataclass(frozen=True)
class Reached:
    """Exact success on new problems at the edge, before and after; forward KL there, as `Distance` estimates it; the negative
    log-probability of their solutions under the base, nats; and log10 of the loss after learning on problems such as pretraining solved,
    nats a solution."""

    needs: tuple[str, ...] = ("before_of_before", "after_of_before", "known_after")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        before, after = (likelihood(cell, name, shelf) for name in self.needs[:2])
        for phase, found in (("before", before), ("after", after)):
            yield cell.fact(phase, SUCCESS, None, success(found), len(found.solutions))
        yield cell.fact("after", FORWARD, None, float((before.logp - after.logp).mean()), len(before.logp))
        yield cell.fact("before", OF_SOLUTION, None, float(-before.solutions.mean()), len(before.solutions))
        yield cell.fact("after", LOSS, None, math.log10(loss(cell, "known_after", shelf)))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        for phase, metric in (("before", SUCCESS), ("after", SUCCESS), ("after", FORWARD), ("before", OF_SOLUTION), ("after", LOSS)):
            yield cell.fact(phase, metric, None, 0.0)


@dataclass(frozen=True)
class Reverse:
    """Reverse KL on new problems, as `Distance` estimates it."""

    needs: tuple[str, ...] = ("after_of_after", "before_of_after")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        own, other = (likelihood(cell, name, shelf).logp for name in self.needs)
        yield cell.fact("after", REVERSE, None, float((own - other).mean()), len(own))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        yield cell.fact("after", REVERSE, None, 0.0)


@dataclass(frozen=True)
class Point:
    """A policy on its way from the base."""

    success: float  # on new problems
    loss: float  # in distribution, nats a solution
    forgotten: float = 0.0  # pass@1 in distribution of the base, less its own
    kl: float = 0.0  # forward, nats a completion
    norm: float = 0.0  # of the update, relative


@dataclass(frozen=True, eq=False)
class Start:
    """A base from which ways begin."""

    own: Likelihoods  # of its own completions of new problems
    known: float  # pass@1 in distribution
    weights: Mapping[str, Tensor]
    point: Point

    @staticmethod
    def of(cell: Cell, shelf: Shelf) -> Start:
        """The policy that a cell calls `base`, with its score `known_before` and its likelihood `before_of_before`."""
        own = likelihood(cell, "before_of_before", shelf)
        point = Point(success(own), loss(cell, "known_before", shelf))
        return Start(own, known(cell, "known_before", shelf), weights(cell, "base", shelf), point)

    def to(self, cell: Cell, name: str, shelf: Shelf) -> Point:
        """The policy that a cell calls `<name> learn`, with its score `<name> known_after` and its likelihood of the base's completions,
        `<name> after_of_before`."""
        found = likelihood(cell, f"{name} after_of_before", shelf)
        return Point(
            success(found),
            loss(cell, f"{name} known_after", shelf),
            self.known - known(cell, f"{name} known_after", shelf),
            float((self.own.logp - found.logp).mean()),
            float(difference(self.weights, weights(cell, f"{name} learn", shelf)).norm() / in_a_row(self.weights).norm()),
        )


def likelihood(cell: Cell, name: str, shelf: Shelf) -> Likelihoods:
    """The likelihoods of a cell's stage."""
    return read_likelihood(cell.stage(name, Likelihood), shelf)


def weights(cell: Cell, name: str, shelf: Shelf) -> Mapping[str, Tensor]:
    """The weights of a cell's policy."""
    return load_policy(shelf.get(cell[name])).model.state_dict()


def success(found: Likelihoods) -> float:
    """Exact pass@1, mean over problems."""
    return float(np.exp(found.solutions).mean())


def known(cell: Cell, name: str, shelf: Shelf) -> float:
    """Exact pass@1 in distribution, by a score of the cell."""
    return float(exact_pass_at_k(scored(cell, name, shelf).plain, 1).mean())


def loss(cell: Cell, name: str, shelf: Shelf) -> float:
    """The mean negative log-probability of a solution, in nats, by a score of the cell; at least the rounding of single precision."""
    return max(float(-np.minimum(scored(cell, name, shelf).plain, 0.0).mean()), ROUNDING)


def at_level(way: Sequence[Point], level: float) -> Point:
    """The point where success first reaches a level above that of the first point, linearly between two points of the way.

    Raises:
        ValueError: if it never does.
    """
    for one, two in pairwise(way):
        if one.success < level <= two.success:
            share = (level - one.success) / (two.success - one.success)
            return Point(*((1 - share) * a + share * b for a, b in zip(astuple(one), astuple(two), strict=True)))
    raise ValueError(f"success never rises to {level}; found {[point.success for point in way]}")


def explained(cause: Sequence[float], effect: Sequence[float]) -> float | None:
    """The square of the rank correlation (Spearman), with its sign: of ranks, since else few large effects would decide it. None, if one of
    both does not vary."""
    from scipy import stats

    if np.ptp(cause) == 0 or np.ptp(effect) == 0:
        return None
    r = float(stats.spearmanr(cause, effect).statistic)
    return r * abs(r)
