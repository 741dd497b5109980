"""Schedules: sources that take turns as learning goes on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Annotated

from synthtasks.checked import From, check
from synthtasks.families import Family, at
from synthtasks.problem import Problem
from train.rl.problems.endless import Endless
from train.rl.problems.mixture import Mixture, replay
from train.rl.problems.source import ProblemSource, stream, trials
from train.stages.stage import Context


@dataclass(frozen=True)
class Schedule:
    """One source after the other, each for its number of iterations; the last one for all that follow.

    Raises:
        ValueError: if there is no source, or one has less than one iteration.
    """

    turns: tuple[tuple[Annotated[int, From(1)], ProblemSource], ...]

    def __post_init__(self) -> None:
        check(self)
        if not self.turns:
            raise ValueError("a schedule needs at least one source, with its iterations; found none")

    @property
    def stream(self) -> object:
        return Schedule, tuple((many, stream(source)) for many, source in self.turns)

    def trials(self) -> tuple[ProblemSource, ProblemSource]:
        """Those of the last source, since harder problems mostly come later."""
        return trials(self.turns[-1][1])

    def batch(self, context: Context, count: int, seed: int, iteration: int, draw: int) -> Sequence[Problem]:
        ends = accumulate(many for many, _ in self.turns)
        sources = (source for end, (_, source) in zip(ends, self.turns, strict=True) if iteration < end)
        return next(sources, self.turns[-1][1]).batch(context, count, seed, iteration, draw)


def in_turn(sources: Sequence[ProblemSource], iterations: int) -> Schedule:
    """Sources in turn, each for an equal stretch of the iterations; stretches differ by one where they cannot be equal.

    Raises:
        ValueError: if there are fewer iterations than sources, or no source.
    """
    if not 0 < len(sources) <= iterations:
        raise ValueError(f"there is a source, and each has an iteration; found {len(sources)} sources, {iterations} iterations")
    ends = [iterations * i // len(sources) for i in range(len(sources) + 1)]
    return Schedule(tuple((high - low, source) for low, high, source in zip(ends, ends[1:], sources, strict=False)))


def easy_to_hard(family: Family, difficulties: Sequence[int], iterations: int) -> Schedule:
    """The difficulties of a family, ascending, in turn."""
    return in_turn([Endless(at(family, n)) for n in sorted(difficulties)], iterations)


def rehearsed(schedule: Schedule, share: float) -> Schedule:
    """The schedule with this share of problems from the sources of earlier turns, all of them equally; the first turn has none."""
    turns, before = list[tuple[int, ProblemSource]](), list[tuple[float, ProblemSource]]()
    for many, source in schedule.turns:
        turns.append((many, replay(source, Mixture(tuple(before)), share) if before else source))
        before.append((1.0, source))
    return replace(schedule, turns=tuple(turns))
