"""Conditions: the cells that are drawn together, their names, and the curve of each seed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.measures.estimates import Floats
from analysis.measures.facts import Outcome
from analysis.measures.seeds import over_seeds

Labelled = Mapping[str, str]
Curve = Mapping[float, float]  # value by its place on the axis


def varying(every: Iterable[Labelled]) -> tuple[str, ...]:
    """The axes in which these conditions differ; of a single condition all, as a name must have something to say."""
    conditions = list({tuple(labels.items()): labels for labels in every}.values())
    axes = dict.fromkeys(axis for labels in conditions for axis in labels)
    return tuple(axis for axis in axes if len(conditions) == 1 or len({labels.get(axis) for labels in conditions}) > 1)


def name(labels: Labelled, axes: Collection[str], between: str = " · ") -> str:
    """The values of a condition on these axes, less those that say nothing."""
    return between.join(dict.fromkeys(value for axis, value in labels.items() if axis in axes and value != "none"))


def values(every: Iterable[Labelled], axis: str) -> tuple[str, ...]:
    """The values of an axis in the order in which they occur; a blank where there is none."""
    return tuple(dict.fromkeys(labels.get(axis, "") for labels in every))


@dataclass(frozen=True, eq=False)
class Line:
    """A metric along its axis in one condition, seed by seed."""

    labels: Labelled
    whole: Mapping[int, Curve]
    underway: Mapping[int, Curve]  # of seeds whose stage is still running

    def lies(self, axis: str, value: str) -> bool:
        """True if it has this value of the axis; of no axis, the blank."""
        return self.labels.get(axis, "") == value

    @property
    def x(self) -> Floats:  # [X]
        """Where some seed has a value, ascending."""
        return np.array(sorted({at for curve in self.whole.values() for at in curve}))

    @property
    def mean(self) -> Floats:  # [X]
        """The mean over seeds."""
        return np.array([np.mean(self._at(x)) for x in self.x])

    def bounds(self, level: float = 0.95) -> tuple[Floats, Floats]:  # [X], [X]
        """The t interval over seeds; NaN for a single one."""
        found = [over_seeds(self._at(x), level) for x in self.x]
        return np.array([i.low for i in found]), np.array([i.high for i in found])

    def _at(self, x: float) -> list[float]:
        return [curve[x] for curve in self.whole.values() if x in curve]


def lines(outcomes: Sequence[Outcome], phase: str, metric: str) -> tuple[Line, ...]:
    """A line for each condition in which the metric was measured, or is being so."""
    found: dict[tuple[tuple[str, str], ...], tuple[dict[int, Curve], dict[int, Curve]]] = {}
    for outcome in outcomes:
        both = found.setdefault(tuple(outcome.labels.items()), ({}, {}))
        for seeds, its in zip(both, (phase, f"{phase} under way"), strict=True):
            if curve := outcome.curve(its, metric):
                seeds[outcome.seed] = curve
    return tuple(Line(dict(labels), *both) for labels, both in found.items() if any(both))


def differ(every: Iterable[Line], apart: Sequence[str]) -> bool:
    """True if two conditions with equal values of the axes `apart` have unlike curves of a seed; if none do, they show the same stages."""
    seen: dict[object, Curve] = {}
    return any(
        seen.setdefault((kind, seed, *(line.labels.get(axis) for axis in apart)), curve) != curve
        for line in every
        for kind, seeds in enumerate((line.whole, line.underway))
        for seed, curve in seeds.items()
    )


def merged(every: Iterable[Line], apart: Sequence[str]) -> tuple[Line, ...]:
    """One line for all that have equal values of the axes `apart`, with the labels that they share."""
    found: dict[object, Line] = {}
    for line in every:
        first = found.get(place := tuple(line.labels.get(axis) for axis in apart), line)
        common = dict(pair for pair in first.labels.items() if pair in line.labels.items())
        found[place] = Line(common, {**first.whole, **line.whole}, {**first.underway, **line.underway})
    return tuple(found.values())
