"""Facts: everything that a study measured, as tidy rows. A claim, a figure, a table and a query are functions of these.

A study's cell is a condition of one seed, as stages with names. A measure turns a cell whose stages have run into facts.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import TypeVar

from train.stages.stage import Shelf, Stage, Undefined

Labels = tuple[tuple[str, str], ...]
Kind = TypeVar("Kind", bound=Stage)
UNDEFINED = "undefined"  # the metric of a cell that is undefined; its note gives the reason


@dataclass(frozen=True)
class Cell:
    """One condition of one seed, as expressions."""

    labels: Labels
    seed: int
    named: tuple[tuple[str, Stage], ...]  # the stages that its measures read

    @staticmethod
    def of(labels: Mapping[str, str], seed: int, **stages: Stage) -> "Cell":
        """The cell with these labels, and stages of these names."""
        return Cell(tuple(labels.items()), seed, tuple(stages.items()))

    @cached_property
    def by_name(self) -> Mapping[str, Stage]:
        return MappingProxyType(dict(self.named))

    def __getitem__(self, name: str) -> Stage:
        return self.by_name[name]

    def stage(self, name: str, kind: type[Kind]) -> Kind:
        """The stage of this name, which is of this kind."""
        found = self[name]
        assert isinstance(found, kind)
        return found

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that must have run before the cell can be measured."""
        return tuple(stage for _, stage in self.named)

    def fact(self, phase: str, metric: str, at: float | None, value: float, n: int = 0) -> "Fact":
        """A fact of this cell."""
        return Fact(self.labels, self.seed, phase, at, metric, value, n)


@dataclass(frozen=True)
class Fact:
    """One number with its cell, phase, metric and place: a tidy row."""

    labels: Labels
    seed: int
    phase: str  # of the cell: "before" and "after" learning, "learning", "edge", ...
    at: float | None  # on the axis of the metric: a difficulty, a k, an iteration; None of what has no axis
    metric: str
    value: float
    n: int  # problems (or whatever it is a mean over); 0 of what is no mean
    note: str = ""

    def record(self) -> dict[str, object]:
        """The fact as JSON, which has no NaN: a value that was not measured is null."""
        value = self.value if math.isfinite(self.value) else None
        return asdict(self) | {"labels": dict(self.labels), "value": value}


Measure = Callable[[Cell, Shelf], Iterable[Fact]]
"""Turns a cell whose stages have run into facts. It may have two attributes besides.

`needs`: the names of the stages that it reads; cells without them are passed over, and it is called as soon as these are there.
`imagined(cell)`: facts such as it will give of this cell, so that a claim on any other metric is refused before anything runs.
"""


def needs(measure: Measure, cell: Cell) -> tuple[str, ...]:
    """The names of the stages that a measure reads of a cell: all of them, unless it says which."""
    return tuple(getattr(measure, "needs", cell.by_name))


def applies(measure: Measure, cell: Cell) -> bool:
    """True if the cell has what the measure reads."""
    return set(needs(measure, cell)) <= cell.by_name.keys()


def measured(cell: Cell, measures: Sequence[Measure], shelf: Shelf) -> tuple[Fact, ...]:
    """The facts of a cell whose stages have run. Where some measure is undefined, the others are kept, and a last fact gives the reason."""
    found: list[Fact] = []
    for measure in (m for m in measures if applies(m, cell)):
        try:
            found += measure(cell, shelf)
        except Undefined as reason:
            found.append(Fact(cell.labels, cell.seed, "", None, UNDEFINED, math.nan, 0, str(reason)))
    return merged(found)


def merged(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """Facts of one cell, with the reasons why it is undefined joined in one last fact."""
    reasons = {f.note: f for f in facts if f.metric == UNDEFINED}
    undefined = [replace(f, note="; ".join(reasons)) for f in list(reasons.values())[:1]]
    return (*(f for f in facts if f.metric != UNDEFINED), *undefined)


@dataclass(frozen=True, eq=False)
class Outcome:
    """The facts of one cell, by phase, metric and place."""

    labels: Mapping[str, str]
    seed: int
    facts: tuple[Fact, ...]

    @cached_property
    def undefined(self) -> str:
        """The reason why the cell is undefined; "" where it is defined."""
        return next((f.note for f in self.facts if f.metric == UNDEFINED), "")

    @cached_property
    def _curves(self) -> Mapping[tuple[str, str], Mapping[float | None, Fact]]:
        found: dict[tuple[str, str], dict[float | None, Fact]] = {}
        for fact in self.facts:
            found.setdefault((fact.phase, fact.metric), {})[fact.at] = fact
        return found

    def curve(self, phase: str, metric: str) -> Mapping[float, float]:
        """The values of a metric along its axis; none, where it was not measured."""
        return {at: fact.value for at, fact in self._curves.get((phase, metric), {}).items() if at is not None}

    def counts(self, phase: str, metric: str) -> Mapping[float, int]:
        """The numbers of problems (or whatever they are means over) behind a `curve`."""
        return {at: fact.n for at, fact in self._curves.get((phase, metric), {}).items() if at is not None}

    def value(self, phase: str, metric: str, at: float | None = None) -> float | None:
        """One value; None where it was not measured."""
        found = self._curves.get((phase, metric), {}).get(at)
        return None if found is None else found.value

    def places(self, phase: str, metric: str) -> list[float]:
        """The places on its axis where a metric is not zero, ascending: the difficulties of a region, or those that RL was given."""
        return sorted(at for at, value in self.curve(phase, metric).items() if value)

    def metrics(self, phase: str) -> tuple[str, ...]:
        """The metrics that were measured in a phase."""
        return tuple(metric for its, metric in self._curves if its == phase)

    def has(self, labels: Iterable[tuple[str, str]]) -> bool:
        """True if the cell has all of these labels."""
        return all(self.labels.get(axis) == value for axis, value in labels)


def outcomes(facts: Iterable[Fact]) -> tuple[Outcome, ...]:
    """Facts by cell, in the order in which they come."""
    found: dict[tuple[Labels, int], list[Fact]] = {}
    for fact in facts:
        found.setdefault((fact.labels, fact.seed), []).append(fact)
    return tuple(Outcome(MappingProxyType(dict(labels)), seed, tuple(mine)) for (labels, seed), mine in found.items())


def by_condition(every: Iterable[Outcome]) -> Mapping[Labels, tuple[Outcome, ...]]:
    """The cells of each condition, which differ in their seed alone, in the order of the study."""
    found: dict[Labels, list[Outcome]] = {}
    for outcome in every:
        found.setdefault(tuple(outcome.labels.items()), []).append(outcome)
    return {labels: tuple(mine) for labels, mine in found.items()}


def chosen(facts: Iterable[Fact], labels: Mapping[str, str]) -> Iterator[Outcome]:
    """The cells with these labels."""
    return (outcome for outcome in outcomes(facts) if outcome.has(labels.items()))
