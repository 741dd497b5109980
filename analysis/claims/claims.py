"""Claims: the statements of a study before it runs, as data. `analysis.claims.judge` reads them off the facts.

A claim compares means over seeds. Its unit is the pretraining seed: cells that share a seed are averaged or subtracted
within it first, and only the seeds' values are tested.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from analysis.measures.facts import Labels, Outcome
from synthtasks.checked import Above, Checked, From, check

ROUNDING = 1e-6  # by which a mean of probabilities may exceed its bounds

Where = Callable[[Outcome], Sequence[float | None]]
"""The places on the axis of its metric at which a claim reads; none, if the cell has no such place."""


@dataclass(frozen=True)
class At(Checked):
    """The band of a region of the seed's edge, or the first `width` difficulties of the region (of `below` the last)."""

    region: str = "at"
    width: Annotated[int, From(1)] | None = None

    def __call__(self, outcome: Outcome) -> Sequence[float]:
        """The difficulties of the band, or the first (last) of the region."""
        if self.width is None:
            return outcome.places("edge", f"band {self.region}")
        region = outcome.places("edge", f"region {self.region}")
        return region[-self.width :] if self.region == "below" else region[: self.width]


@dataclass(frozen=True)
class Deeper(Checked):
    """`by` steps deeper than anything RL trained on; nowhere, if that was not scored."""

    by: Annotated[int, From(1)] = 2

    def __call__(self, outcome: Outcome) -> Sequence[float]:
        goal = max(outcome.places("learning", "given"), default=0) + self.by
        return [goal] if goal in outcome.curve("edge", "pass@1") else []


@dataclass(frozen=True)
class Past(Checked):
    """`by` steps deeper than the band of a region of the seed's edge; nowhere, if that was not scored."""

    region: str = "at"
    by: Annotated[int, From(1)] = 2

    def __call__(self, outcome: Outcome) -> Sequence[float]:
        band = outcome.places("edge", f"band {self.region}")
        return [n for n in [max(band, default=0) + self.by] if band and n in outcome.curve("edge", "pass@1")]


@dataclass(frozen=True)
class Everywhere:
    """Every difficulty at which the seed's edge was measured: the whole map."""

    def __call__(self, outcome: Outcome) -> Sequence[float]:
        return sorted(outcome.curve("edge", "pass@1"))


@dataclass(frozen=True)
class Places:
    """These places on the axis; by default the one of a metric that has no axis."""

    places: tuple[float | None, ...] = (None,)

    def __call__(self, outcome: Outcome) -> Sequence[float | None]:
        return self.places


@dataclass(frozen=True)
class Throughout:
    """Every place at which a metric was measured in a phase."""

    phase: str
    metric: str = "pass@1"

    def __call__(self, outcome: Outcome) -> Sequence[float]:
        return sorted(outcome.curve(self.phase, self.metric))


@dataclass(frozen=True)
class IfMeasured:
    """The metric that has no axis, where it was measured; else the seed is left out: a fit of what has another shape gives no number."""

    phase: str
    metric: str

    def __call__(self, outcome: Outcome) -> Sequence[float | None]:
        return [] if outcome.value(self.phase, self.metric) is None else [None]


Pick = Callable[[Sequence[Outcome]], Sequence[Outcome]]
"""The rule, written before the run, by which a claim picks some of a seed's cells."""


def every(outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    """All cells of the seed."""
    return outcomes


@dataclass(frozen=True)
class Term(Checked):
    """A metric after (or before) learning, averaged over the places, and over the cells with these labels that are picked."""

    labels: Labels
    where: Where = At()
    metric: str = "pass@128"
    phase: str = "after"
    least: float | None = 0.0  # the metric lies between these bounds, by default those of a probability; None for no bound
    most: float | None = 1.0
    pick: Pick = every

    @property
    def bounds(self) -> tuple[float, float]:
        """The bounds as numbers, which may be infinite."""
        return -math.inf if self.least is None else self.least, math.inf if self.most is None else self.most

    def value(self, outcomes: Sequence[Outcome]) -> float | None:
        """The value of one seed; None where a cell is undefined.

        Raises:
            ValueError: if no cell has these labels, or the metric was not measured there, or not as a finite number within its bounds.
        """
        mine = [o for o in outcomes if o.has(self.labels)]
        if not mine:
            raise ValueError(f"no cell is labelled {dict(self.labels)}; there are {[dict(o.labels) for o in outcomes]}")
        values = []
        for outcome in self.pick(mine):
            if outcome.undefined or not (places := self.where(outcome)):
                return None
            values.append(sum(self._at(outcome, place) for place in places) / len(places))
        return sum(values) / len(values) if values else None

    def _at(self, outcome: Outcome, place: float | None) -> float:
        value = outcome.value(self.phase, self.metric, place)
        where = f"in {dict(outcome.labels)} of seed {outcome.seed}" + ("" if place is None else f", at {place:g}")
        if value is None:
            there = ", ".join(outcome.metrics(self.phase)) or "none"
            raise ValueError(f"{self.metric} {self.phase} learning was not measured {where}; of this phase there are {there}")
        if not math.isfinite(value):
            raise ValueError(f"{self.metric} {self.phase} learning is {value} {where}")
        low, high = self.bounds
        if not low - ROUNDING <= value <= high + ROUNDING:  # otherwise the bounds of the contrast, which verdicts use, are wrong
            raise ValueError(f"{self.metric} is {value} {where}; this term is of numbers from {low:g} to {high:g}")
        return value


Contrast = tuple[tuple[float, Term], ...]


def gain(
    labels: Mapping[str, str],
    where: Where = At(),
    metric: str = "pass@128",
    sign: float = 1.0,
    least: float | None = 0.0,
    pick: Pick = every,
) -> Contrast:
    """After minus before, in the cells with these labels."""
    of = tuple(labels.items())
    return tuple((weight, Term(of, where, metric, phase, least, pick=pick)) for weight, phase in ((sign, "after"), (-sign, "before")))


@dataclass(frozen=True)
class Reach:
    """Bounds between which the value of a seed must lie, in points of 100."""

    low: float
    high: float


def reach(contrast: Contrast) -> Reach:
    """The bounds that follow from those of its terms."""
    ends = [sorted(100 * weight * bound for bound in term.bounds) for weight, term in contrast]
    return Reach(sum(low for low, _ in ends), sum(high for _, high in ends))


@dataclass(frozen=True)
class More(Checked):
    """The contrast exceeds the margin, the smallest effect of interest."""

    margin: Annotated[float, From(0)]

    level = 0.95


@dataclass(frozen=True)
class Same(Checked):
    """The contrast lies within the margin of zero: equivalence, by two one-sided tests (a 90 % interval inside)."""

    margin: Annotated[float, Above(0)]

    level = 0.90


@dataclass(frozen=True)
class Share(Checked):
    """The contrast exceeds `above` (in points) in more than `margin` % of all seeds, by the binomial distribution; with no margin the share
    is reported, and nothing is claimed. For what happens in some seeds and not in others, where a mean describes no seed."""

    above: float = 0.0
    margin: Annotated[float, From(0, 100)] | None = None

    level = 0.95

    def happened(self, values: Sequence[float]) -> list[bool]:
        """True for each seed in which it happened."""
        return [value > self.above for value in values]


@dataclass(frozen=True)
class Claim:
    """A statement about a contrast, with its test. Without a test the contrast is reported, and nothing is claimed."""

    name: str
    statement: str
    contrast: Contrast
    test: More | Same | Share | None = None
    unit: str = "pass@128, points of 100"

    def __post_init__(self) -> None:
        check(self)
        if not self.name or not self.contrast:
            raise ValueError(f"a claim has a name and a contrast; found {self.name!r}, {self.contrast}")

    @property
    def tested(self) -> bool:
        """True if the claim gets a verdict."""
        return self.test is not None and self.test.margin is not None

    def speaks_of(self, labels: Mapping[str, str]) -> bool:
        """True if the claim reads the cell with these labels."""
        return any(set(term.labels) <= set(labels.items()) for _, term in self.contrast)

    def answered_by(self, cells: Sequence[Mapping[str, str]]) -> bool:
        """True if each of its terms finds one of the cells with these labels."""
        return all(any(set(term.labels) <= set(labels.items()) for labels in cells) for _, term in self.contrast)

    def is_measured(self, outcomes: Sequence[Outcome]) -> bool:
        """True if the metric of every term was measured in all of its defined cells, at every place where the term looks."""
        return all(
            outcome.undefined or all(outcome.value(term.phase, term.metric, place) is not None for place in term.where(outcome))
            for _, term in self.contrast
            for outcome in outcomes
            if outcome.has(term.labels)
        )
