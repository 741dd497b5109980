"""Overlap of test with training: test problems whose whole derivation a training problem contains.

The split keeps whole problems apart. But the derivation of a problem of five steps contains derivations of one to four
steps, some of which belong to test problems. Their number grows with that of training problems; this file measures it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from math import sqrt

from synthtasks.families.dials import at, difficulty, level
from synthtasks.families.kit.family import Family, problems

TESTS = 1_000  # test problems
Z = 1.959963984540054  # standard errors on either side of a 95 % interval


@dataclass(frozen=True)
class Overlap:
    """The share of test problems whose derivation a training problem contains, and its 95 % interval."""

    training: str  # difference of the training family from that of the test
    problems: int  # training problems
    tests: int  # test problems
    inside: int  # test problems whose derivation a training problem contains

    @property
    def share(self) -> float:
        return self.inside / self.tests

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval of the share, at 95 %."""
        n, p = self.tests, self.share
        if self.inside in (0, n):  # one end is exact, and rounding would move it
            return (0.0, Z**2 / (n + Z**2)) if not self.inside else (n / (n + Z**2), 1.0)
        middle, half = (p + Z**2 / (2 * n)) / (1 + Z**2 / n), Z * sqrt(p * (1 - p) / n + (Z / (2 * n)) ** 2) / (1 + Z**2 / n)
        return middle - half, middle + half


def overlaps(family: Family, count: int, seed: int) -> tuple[Overlap, ...]:
    """Measure the overlap of `TESTS` test problems with `count` training problems: of the family, and of one step more.

    Raises:
        ValueError: if there is no training problem, or the family has no problems in a split, or none of one step more.
    """
    if count < 1:
        raise ValueError(f"an overlap needs at least one training problem; found {count}")
    training = {"the same": family}
    if getattr(family, "dials", ()):
        more = level(family) + 1
        try:
            training[f"of {more} {difficulty(family).field}"] = at(family, more)
        except ValueError as refused:
            raise ValueError(f"there are no training problems of one step more: {refused}") from None
    keys = [p.key for p in islice(problems(family, "test", "overlap", "test", seed), TESTS)]
    return tuple(Overlap(name, count, TESTS, _inside(keys, other, count, seed)) for name, other in training.items())


def _inside(keys: Sequence[str], training: Family, count: int, seed: int) -> int:
    """The number of keys among the derivations of `count` training problems."""
    distinct, found = set(keys), set[str]()
    for p in islice(problems(training, "train", "overlap", "train", seed), count):
        found |= p.derivations & distinct
    return sum(key in found for key in keys)
