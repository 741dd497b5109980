"""What is measured of a family's problems, as records."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from synthtasks.checked import check

Relation = Literal["own", "forced", "length", "free"]
"""What ties a quantity to a dial: it is what the dial sets, or cannot but move with it; as a number of words it follows what
is said; or nothing does, and then they are to be uncorrelated."""
BAR = 0.05  # the correlation from which on a free pair is not free


@dataclass(frozen=True)
class Turned:
    """A dial, and what it was turned to."""

    field: str
    values: tuple[int, ...]
    quantity: str  # that it sets
    meaning: str

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Measured:
    """A quantity over all problems."""

    name: str
    mean: float
    sd: float
    values: tuple[float, ...]  # that it took, ascending
    counts: tuple[int, ...]  # of problems, by value

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Correlation:
    """Pearson's rho of a dial and a quantity over all problems; None where the quantity, or the dial, never varies."""

    dial: str
    quantity: str
    rho: float | None
    relation: Relation
    reason: str  # why, where it is forced

    def __post_init__(self) -> None:
        check(self)

    @property
    def loose(self) -> bool:
        """Whether the dial moves what it should not."""
        return self.relation == "free" and self.rho is not None and abs(self.rho) >= BAR

    @property
    def brief(self) -> str:
        """rho in two decimals, or three where two would round it up to the bar; a dash where there is none."""
        if self.rho is None:
            return "-"
        digits = 3 if abs(self.rho) < BAR <= round(abs(self.rho), 2) else 2
        return f"{round(self.rho, digits) + 0.0:.{digits}f}".replace("0.", ".")


@dataclass(frozen=True)
class Answer:
    """An answer, and the share of the problems that have it."""

    value: str
    share: float

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Vocabulary:
    """How many words it takes to say the family's problems in a surface."""

    surface: str
    size: int

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Stats:
    """Measurements of problems whose dials were turned at random, each independently of the others."""

    family: str
    surface: str  # in which words are counted
    problems: int
    seed: int
    sets: Mapping[str, int]  # fields that the dials need
    dials: tuple[Turned, ...]
    quantities: tuple[Measured, ...]
    correlations: tuple[Correlation, ...]  # of every dial with every quantity
    answers: tuple[Answer, ...]  # the most frequent first: whoever says the first, always, is right that often
    uniform: float  # how often a value is right that is drawn at random from the domain
    vocabularies: tuple[Vocabulary, ...]

    def __post_init__(self) -> None:
        check(self)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why pairs are forced, each reason once."""
        return tuple(dict.fromkeys(c.reason for c in self.correlations if c.relation == "forced"))
