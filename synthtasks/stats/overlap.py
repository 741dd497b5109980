"""How much of a test is worked out in training: test problems whose whole derivation stands inside a training problem's.

The split keeps whole problems apart. A problem of five steps states and solves problems of one to four on its way, though, and
some of these are test problems. How many depends on how many training problems there are; this measures it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from math import sqrt

from synthtasks.families.dials import at, difficulty, level
from synthtasks.families.kit.family import Family, problems

TESTS = 1_000  # test problems, of which the share is measured
Z = 1.959963984540054  # standard errors on either side of a 95 % interval


@dataclass(frozen=True)
class Overlap:
    """The share of test problems that training problems work out on their way, and its 95 % interval."""

    training: str  # how the family that these problems are of differs from that of the test
    problems: int  # of training
    tests: int  # test problems
    inside: int  # of them stand inside

    @property
    def share(self) -> float:
        return self.inside / self.tests

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval of the share, in which it lies with a probability of about 95 %."""
        n, p = self.tests, self.share
        if self.inside in (0, n):  # here one end is exact, and rounding would move it
            return (0.0, Z**2 / (n + Z**2)) if not self.inside else (n / (n + Z**2), 1.0)
        middle, half = (p + Z**2 / (2 * n)) / (1 + Z**2 / n), Z * sqrt(p * (1 - p) / n + (Z / (2 * n)) ** 2) / (1 + Z**2 / n)
        return middle - half, middle + half


def overlaps(family: Family, count: int, seed: int) -> tuple[Overlap, ...]:
    """Measure how many of `TESTS` test problems stand inside `count` training problems: of the family itself, and of one step more.

    Raises:
        ValueError: if there is no training problem, or the family has no problems in a split, or none of one step more.
    """
    if count < 1:
        raise ValueError(f"an overlap is with at least one training problem; found {count}")
    training = {"the same": family}
    if getattr(family, "dials", ()):
        more = level(family) + 1
        try:
            training[f"of {more} {difficulty(family).field}"] = at(family, more)
        except ValueError as refused:
            raise ValueError(f"there are no training problems of a step more to measure with: {refused}") from None
    asked = [p.key for p in islice(problems(family, "test", "overlap", "test", seed), TESTS)]
    return tuple(Overlap(name, count, TESTS, _inside(asked, other, count, seed)) for name, other in training.items())


def _inside(asked: Sequence[str], training: Family, count: int, seed: int) -> int:
    """How many of these keys are among the derivations of so many training problems."""
    sought, found = set(asked), set[str]()
    for p in islice(problems(training, "train", "overlap", "train", seed), count):
        found |= p.derivations & sought
    return sum(key in found for key in asked)
