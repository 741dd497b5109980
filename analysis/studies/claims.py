"""Claims: what a study says before it runs, as data; and the judge, a pure function of rows.

A claim compares means over seeds. Its unit is the pretraining seed: cells that share a seed are averaged or subtracted
within it first, and only the seeds' values are tested.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

from analysis.measures.estimates import Interval
from analysis.measures.seeds import alike, holm, over_alike_seeds, over_seeds, p_above, p_below
from synthtasks.checked import Above, From, check

ALPHA = 0.05
ROUNDING = 1e-6  # by which a mean of probabilities may exceed 1

Verdict = Literal["shown", "shown (no update)", "refuted", "undetermined", "reported"]
Phase = Literal["before", "after"]
Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Row:
    """What was measured in one cell of one seed."""

    labels: dict[str, str]
    seed: int
    undefined: str  # why there is nothing, if there is nothing
    updates: int  # optimiser steps that RL took
    steps: list[int]  # F difficulties
    bands: dict[str, list[int]]  # by region of this cell's edge
    trained: list[int]  # difficulties that RL was given
    before: dict[str, list[float]]  # metric of each difficulty [F]
    after: dict[str, list[float]]


class Where(Protocol):
    """At which difficulties a claim looks; none, where the edge has no such region."""

    def __call__(self, row: Row) -> list[int]: ...


@dataclass(frozen=True)
class At:
    """The band of a region of the seed's edge, or its first `width` difficulties."""

    region: str = "at"
    width: Annotated[int, From(1)] | None = None

    def __post_init__(self) -> None:
        check(self)

    def __call__(self, row: Row) -> list[int]:
        return row.bands[self.region][: self.width]


@dataclass(frozen=True)
class Deeper:
    """`by` steps deeper than anything RL trained on; none, where that was not scored."""

    by: Annotated[int, From(1)] = 2

    def __post_init__(self) -> None:
        check(self)

    def __call__(self, row: Row) -> list[int]:
        return [n for n in [max(row.trained, default=0) + self.by] if n in row.steps]


@dataclass(frozen=True)
class Term:
    """A metric after (or before) learning, averaged over the cells with these labels and over difficulties."""

    labels: Labels
    where: Where = At()
    metric: str = "pass@128"
    phase: Phase = "after"

    def __post_init__(self) -> None:
        check(self)

    @property
    def least(self) -> float:
        """The smallest value there is: metrics are probabilities, but for the share of the headroom, which a loss makes negative."""
        return -math.inf if self.metric.startswith("headroom") else 0.0

    def value(self, rows: Sequence[Row]) -> float | None:
        """Of one seed's rows; None where a cell is undefined.

        Raises:
            ValueError: if no row has these labels, or the metric was not measured there, or not as a finite number.
        """
        mine = [r for r in rows if all(r.labels.get(k) == v for k, v in self.labels)]
        if not mine:
            raise ValueError(f"no cell is labelled {dict(self.labels)}; there are {[r.labels for r in rows]}")
        values = []
        for row in mine:
            difficulties = [] if row.undefined else self.where(row)
            if not difficulties:
                return None
            values.append(sum(self._at(row, n) for n in difficulties) / len(difficulties))
        return sum(values) / len(values)

    def _at(self, row: Row, steps: int) -> float:
        curves = row.before if self.phase == "before" else row.after
        if self.metric not in curves:
            raise ValueError(f"{self.metric} was not measured in {row.labels} of seed {row.seed}; there are {', '.join(curves)}")
        value = curves[self.metric][row.steps.index(steps)]
        if not math.isfinite(value):
            raise ValueError(f"{self.metric} {self.phase} learning is {value} in {row.labels} of seed {row.seed}, at {steps} steps")
        if not self.least <= value <= 1 + ROUNDING:  # or the bounds of a contrast, on which verdicts may rest, would be wrong
            raise ValueError(f"{self.metric} is {value} in {row.labels} of seed {row.seed}; claims are of probabilities, from 0 to 1")
        return value


Contrast = tuple[tuple[float, Term], ...]


def gain(labels: Mapping[str, str], where: Where = At(), metric: str = "pass@128", sign: float = 1.0) -> Contrast:
    """After minus before, in the cells with these labels."""
    chosen = tuple(labels.items())
    return ((sign, Term(chosen, where, metric)), (-sign, Term(chosen, where, metric, "before")))


@dataclass(frozen=True)
class Reach:
    """Between which bounds the value of a seed must lie, in points of 100."""

    low: float
    high: float


ANY = Reach(-math.inf, math.inf)


def reach(contrast: Contrast) -> Reach:
    """The bounds that follow from those of its metrics."""
    ends = [sorted((100 * weight * term.least, 100 * weight)) for weight, term in contrast]
    return Reach(sum(low for low, _ in ends), sum(high for _, high in ends))


@dataclass(frozen=True)
class More:
    """The contrast exceeds the margin, the smallest effect of interest."""

    margin: Annotated[float, From(0)]

    level = 0.95

    def __post_init__(self) -> None:
        check(self)

    def p_values(self, x: Sequence[float], reach: Reach = ANY) -> tuple[float, float]:
        """Of "shown" and of "refuted": two-sided, so that both together keep the level."""
        return min(1.0, 2 * p_above(x, self.margin, reach.low)), min(1.0, 2 * p_below(x, self.margin, reach.high))


@dataclass(frozen=True)
class Same:
    """The contrast lies within the margin of zero: equivalence, by two one-sided tests (a 90 % interval inside)."""

    margin: Annotated[float, Above(0)]

    level = 0.90

    def __post_init__(self) -> None:
        check(self)

    def p_values(self, x: Sequence[float], reach: Reach = ANY) -> tuple[float, float]:
        """Of "shown" and of "refuted"."""
        inside = max(p_above(x, -self.margin, reach.low), p_below(x, self.margin, reach.high))
        return inside, min(1.0, 2 * min(p_above(x, self.margin, reach.low), p_below(x, -self.margin, reach.high)))


@dataclass(frozen=True)
class Claim:
    """What is claimed of the rows, and what would refute it. Without a test it is reported, and nothing is claimed."""

    name: str
    statement: str
    contrast: Contrast
    test: More | Same | None = None
    unit: str = "pass@128, points of 100"

    def __post_init__(self) -> None:
        check(self)
        if not self.name or not self.contrast:
            raise ValueError(f"a claim has a name and a contrast; found {self.name!r}, {self.contrast}")


@dataclass(frozen=True)
class Judgement:
    """A claim's verdict. Differences are in points of 100; the interval is not adjusted for the number of claims."""

    name: str
    statement: str
    verdict: Verdict
    difference: float | None
    low: float | None
    high: float | None
    level: float  # of the interval
    margin: float | None
    p: float | None  # Holm-adjusted, of the verdict
    unit: str
    n: int  # seeds
    dropped: int  # seeds in which a cell is undefined
    values: tuple[float, ...]  # of each seed


def seed_values(contrast: Contrast, rows: Sequence[Row]) -> dict[int, float | None]:
    """The contrast within each seed, in points of 100."""
    by_seed: dict[int, list[Row]] = {}
    for row in rows:
        by_seed.setdefault(row.seed, []).append(row)
    result: dict[int, float | None] = {}
    for seed, mine in sorted(by_seed.items()):
        parts = [(weight, term.value(mine)) for weight, term in contrast]
        result[seed] = None if any(v is None for _, v in parts) else 100 * sum(w * v for w, v in parts if v is not None)
    return result


def judge(claims: Sequence[Claim], rows: Sequence[Row]) -> tuple[Judgement, ...]:
    """The verdict on each claim: at level .05, Holm-adjusted over the claims that have a test."""
    return judge_each([(claim, rows) for claim in claims])


def judge_each(asked: Sequence[tuple[Claim, Sequence[Row]]]) -> tuple[Judgement, ...]:
    """The same where each claim has rows of its own: of the seeds in which all that it speaks of has been measured.

    Raises:
        ValueError: if a claim reads what was not measured, or is not finite; it names the claim.
    """
    values = {c.name: _values(c, rows) for c, rows in asked}
    usable = {name: [v for v in seeds.values() if v is not None] for name, seeds in values.items()}
    both = {c.name: c.test.p_values(x, reach(c.contrast)) for c, _ in asked if c.test is not None and (x := usable[c.name])}
    tested = [c.name for c, _ in asked if c.test is not None]
    adjusted = dict(zip(tested, holm([min(both.get(name, (1.0, 1.0))) for name in tested]), strict=True))
    return tuple(
        _judgement(c, usable[c.name], len(values[c.name]) - len(usable[c.name]), both, adjusted, _unmoved(c, rows)) for c, rows in asked
    )


def _values(claim: Claim, rows: Sequence[Row]) -> dict[int, float | None]:
    try:
        return seed_values(claim.contrast, rows)
    except ValueError as reason:
        raise ValueError(f"claim {claim.name!r} cannot be judged: {reason}") from None


def _unmoved(claim: Claim, rows: Sequence[Row]) -> bool:
    """True if every cell that the claim speaks of was given problems to practise on, and none of them took a step."""
    labels = [dict(term.labels) for _, term in claim.contrast]
    mine = [r for r in rows if not r.undefined and any(lab.items() <= r.labels.items() for lab in labels)]
    return all(r.trained and not r.updates for r in mine)


def _judgement(
    claim: Claim, x: list[float], dropped: int, both: Mapping[str, tuple[float, float]], adjusted: Mapping[str, float], unmoved: bool
) -> Judgement:
    verdict: Verdict = "undetermined"
    level = claim.test.level if claim.test else 0.95
    interval = _interval(x, level, reach(claim.contrast))
    p = adjusted.get(claim.name)
    if claim.test is None:
        verdict = "reported"
    elif x and isinstance(claim.test, Same) and unmoved and not any(x):  # the same weights before and after: known, not estimated
        verdict, p, interval = "shown (no update)", None, Interval(0.0, 0.0, 0.0)
    elif p is not None and p < ALPHA:
        shown, refuted = both[claim.name]
        verdict = "shown" if shown < refuted else "refuted"

    def number(v: float) -> float | None:
        return v if math.isfinite(v) else None

    return Judgement(
        name=claim.name,
        statement=claim.statement,
        verdict=verdict,
        difference=number(interval.mean),
        low=number(interval.low),
        high=number(interval.high),
        level=level,
        margin=claim.test.margin if claim.test else None,
        p=p,
        unit=claim.unit,
        n=len(x),
        dropped=dropped,
        values=tuple(x),
    )


def _interval(x: Sequence[float], level: float, reach: Reach) -> Interval:
    if not x:
        return Interval(math.nan, math.nan, math.nan)
    return over_alike_seeds(x, level, reach.low, reach.high) if alike(x) else over_seeds(x, level)
