"""Conditions: the cells that are drawn together, their names, and the curve of each seed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.measures.estimates import Floats
from analysis.measures.facts import Fact, Outcome, by_condition
from analysis.measures.seeds import over_seeds

Labelled = Mapping[str, str]
Curve = Mapping[float, float]  # value by its place on the axis


def varying(every: Iterable[Labelled]) -> tuple[str, ...]:
    """The axes in which these conditions differ; for a single condition all axes, so that its name is not empty."""
    conditions = list({tuple(labels.items()): labels for labels in every}.values())
    axes = dict.fromkeys(axis for labels in conditions for axis in labels)
    return tuple(axis for axis in axes if len(conditions) == 1 or len({labels.get(axis) for labels in conditions}) > 1)


def name(labels: Labelled, axes: Collection[str], between: str = " · ") -> str:
    """The name of a condition: its values on these axes, without repeats and without `none`."""
    return between.join(dict.fromkeys(value for axis, value in labels.items() if axis in axes and value != "none"))


def order(facts: Iterable[Fact], axis: str) -> tuple[str, ...]:
    """The values of an axis among all cells of a study: a value has one place, so one colour, whichever cells a figure draws."""
    return values((dict(labels) for labels in dict.fromkeys(f.labels for f in facts)), axis)


def values(every: Iterable[Labelled], axis: str) -> tuple[str, ...]:
    """The values of an axis in order of occurrence; "" for conditions that lack it."""
    return tuple(dict.fromkeys(labels.get(axis, "") for labels in every))


@dataclass(frozen=True, eq=False)
class Line:
    """A metric along its axis in one condition, seed by seed."""

    labels: Labelled
    whole: Mapping[int, Curve]
    underway: Mapping[int, Curve]  # of seeds whose stage is still running
    n: Mapping[int, Mapping[float, int]]  # problems (or what it is a mean over) behind each value, by seed

    def lies(self, axis: str, value: str) -> bool:
        """True if the condition has this value of the axis; "" means that it has none."""
        return self.labels.get(axis, "") == value

    @property
    def x(self) -> Floats:  # [X]
        """The places at which some seed has a value, ascending."""
        return np.array(sorted({at for curve in self.whole.values() for at in curve}))

    @property
    def mean(self) -> Floats:  # [X]
        """The mean over seeds."""
        return np.array([np.mean(self._at(x)) for x in self.x])

    @property
    def seeds(self) -> list[int]:  # [X]
        """The number of seeds that have a value at each place."""
        return [len(self._at(x)) for x in self.x]

    def bounds(self, level: float = 0.95) -> tuple[Floats, Floats]:  # [X], [X]
        """The t interval over seeds; NaN for a single one."""
        found = [over_seeds(self._at(x), level) for x in self.x]
        return np.array([i.low for i in found]), np.array([i.high for i in found])

    def _at(self, x: float) -> list[float]:
        return [curve[x] for curve in self.whole.values() if x in curve]


def lines(outcomes: Sequence[Outcome], phase: str, metric: str) -> tuple[Line, ...]:
    """A line for each condition in which the metric was measured, or is being measured."""

    def curves(mine: Sequence[Outcome], its: str) -> Mapping[int, Curve]:
        return {o.seed: curve for o in mine if (curve := o.curve(its, metric))}

    conditions = by_condition(outcomes).items()
    every = (
        Line(dict(labels), curves(mine, phase), curves(mine, f"{phase} under way"), {o.seed: o.counts(phase, metric) for o in mine})
        for labels, mine in conditions
    )
    return tuple(line for line in every if line.whole or line.underway)


def differ(every: Iterable[Line], apart: Sequence[str]) -> bool:
    """True if some seed has different curves in two conditions with equal values of the axes `apart`. If not, they show the same stages."""
    seen: dict[object, Curve] = {}
    return any(
        seen.setdefault((kind, seed, *(line.labels.get(axis) for axis in apart)), curve) != curve
        for line in every
        for kind, seeds in enumerate((line.whole, line.underway))
        for seed, curve in seeds.items()
    )


def merged(every: Iterable[Line], apart: Sequence[str]) -> tuple[Line, ...]:
    """One line for all conditions with equal values of the axes `apart`, with the labels that they share."""
    found: dict[object, Line] = {}
    for line in every:
        first = found.get(place := tuple(line.labels.get(axis) for axis in apart), line)
        common = dict(pair for pair in first.labels.items() if pair in line.labels.items())
        found[place] = Line(common, {**first.whole, **line.whole}, {**first.underway, **line.underway}, {**first.n, **line.n})
    return tuple(found.values())
