"""Mixtures of sources: of several difficulties, smooth or with gaps, or of new problems with those of before."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from math import floor
from typing import Annotated

from synthtasks.checked import Above, check
from synthtasks.families import Family, Joined, at
from synthtasks.problem import Problem
from synthtasks.rng import rng
from train.rl.problems.endless import Endless
from train.rl.problems.source import ProblemSource, stream, trials
from train.stages.stage import Context


@dataclass(frozen=True)
class Mixture:
    """Problems of several sources, by weight, in every batch.

    The number of problems of a part is its share of the batch, rounded up or down at random; its mean is the share exactly. A mixture of
    one part gives that part's problems. A batch of a mixture of n parts takes n draws, one for each part, so that parts draw independently.

    Raises:
        ValueError: if there is no part, or a weight is not positive and finite.
    """

    parts: tuple[tuple[Annotated[float, Above(0)], ProblemSource], ...]

    def __post_init__(self) -> None:
        check(self)
        if not self.parts:
            raise ValueError("a mixture needs at least one part, with its weight; found none")

    @property
    def stream(self) -> object:
        return Mixture, tuple((weight, stream(source)) for weight, source in self.parts)

    def trials(self) -> tuple["Mixture", "Mixture"]:
        usual, longest = (tuple((weight, trials(source)[i]) for weight, source in self.parts) for i in range(2))
        return replace(self, parts=usual), replace(self, parts=longest)

    def batch(self, context: Context, count: int, seed: int, iteration: int, draw: int) -> Joined:
        counts = shares([weight for weight, _ in self.parts], count, rng("mixture", seed, iteration, draw).random())
        first = draw * len(self.parts)
        drawn: list[Sequence[Problem]] = []
        for number, ((_, source), many) in enumerate(zip(self.parts, counts, strict=True)):
            if many:
                drawn.append(source.batch(context, many, seed, iteration, first + number))
        return Joined(tuple(drawn))


def shares(weights: Sequence[float], count: int, u: float) -> list[int]:
    """`count` things in whole shares of these weights: each is rounded up or down by one `u` in [0, 1) for all. If `u` is uniform, the mean
    of each share is exact (systematic sampling)."""
    ends = [*accumulate(weights)]
    points = [0, *(floor(count * end / ends[-1] + u) for end in ends[:-1]), count]
    return [high - low for low, high in pairwise(points)]


def spectrum(family: Family, difficulties: Sequence[int]) -> Mixture:
    """Problems of these difficulties of a family, in equal shares (arXiv:2602.14872)."""
    return Mixture(tuple((1.0, Endless(at(family, n))) for n in difficulties))


def without(difficulties: Sequence[int], *gaps: range) -> tuple[int, ...]:
    """The difficulties that lie in none of the gaps."""
    return tuple(n for n in difficulties if not any(n in gap for gap in gaps))


def replay(source: ProblemSource, earlier: ProblemSource, share: float) -> Mixture:
    """Problems of a source and, in this share, earlier ones: those from which the policy has learned before.

    Raises:
        ValueError: if the share does not lie between 0 and 1.
    """
    if not 0 < share < 1:
        raise ValueError(f"the share of earlier problems lies between 0 and 1; found {share}")
    return Mixture(((1 - share, source), (share, earlier)))
