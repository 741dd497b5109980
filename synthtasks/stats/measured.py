"""Records of measurements on a family's problems."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Relation = Literal["own", "forced", "length", "free"]
"""Relations of a quantity to a dial: own, if the dial sets it; forced, if it moves by definition; length, if it is a number of
words, which follows the content; else free, and then the two should be uncorrelated."""
BAR = 0.05  # the absolute correlation from which a free pair counts as dependent


@dataclass(frozen=True)
class Turned:
    """A dial, its values, and the quantity that it sets."""

    field: str
    values: tuple[int, ...]
    quantity: str
    meaning: str


@dataclass(frozen=True)
class Measured:
    """The distribution of a quantity over all problems."""

    name: str
    mean: float
    sd: float
    values: tuple[float, ...]  # observed, ascending
    counts: tuple[int, ...]  # of problems, by value


@dataclass(frozen=True)
class Correlation:
    """Pearson's rho of a dial and a quantity over all problems; None if either is constant."""

    dial: str
    quantity: str
    rho: float | None
    relation: Relation
    reason: str  # of a forced pair; else empty

    @property
    def loose(self) -> bool:
        """True if the dial moves a quantity that it should not."""
        return self.relation == "free" and self.rho is not None and abs(self.rho) >= BAR

    @property
    def brief(self) -> str:
        """rho to two decimals, or three if two would round it up to `BAR`; a dash if there is none."""
        if self.rho is None:
            return "-"
        digits = 3 if abs(self.rho) < BAR <= round(abs(self.rho), 2) else 2
        return f"{round(self.rho, digits) + 0.0:.{digits}f}".replace("0.", ".")


@dataclass(frozen=True)
class Answer:
    """An answer, and the share of problems with it."""

    value: str
    share: float


@dataclass(frozen=True)
class Vocabulary:
    """The size of the family's vocabulary in a surface."""

    surface: str
    size: int


@dataclass(frozen=True)
class Stats:
    """Measurements of problems whose dials were turned at random and independently."""

    family: str
    surface: str  # in which words are counted
    problems: int
    seed: int
    sets: Mapping[str, int]  # fields that the dials need
    dials: tuple[Turned, ...]
    quantities: tuple[Measured, ...]
    correlations: tuple[Correlation, ...]  # of every dial with every quantity
    answers: tuple[Answer, ...]  # most frequent first; the first share is the accuracy of a constant guess
    uniform: float  # accuracy of a uniform random guess
    vocabularies: tuple[Vocabulary, ...]

    @property
    def reasons(self) -> dict[str, int]:
        """The different reasons of forced pairs, numbered from 1."""
        return {reason: i + 1 for i, reason in enumerate(dict.fromkeys(c.reason for c in self.correlations if c.relation == "forced"))}
