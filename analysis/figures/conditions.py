"""Conditions: which cells are drawn together, what they are called, and the curve of each seed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.measures.estimates import Floats, over_seeds
from analysis.measures.facts import Outcome

Curve = Mapping[float, float]  # value by its place on the axis
Labelled = Mapping[str, str]


def varying(every: Iterable[Labelled]) -> tuple[str, ...]:
    """The axes in which these conditions differ; of a single condition all, as a name must have something to say."""
    values: dict[str, dict[str | None, None]] = {}
    conditions = list({tuple(labels.items()): labels for labels in every}.values())
    for axis in dict.fromkeys(axis for labels in conditions for axis in labels):
        values[axis] = {labels.get(axis): None for labels in conditions}
    return tuple(axis for axis, found in values.items() if len(found) > 1 or len(conditions) == 1)


def name(labels: Labelled, axes: Collection[str], between: str = " · ") -> str:
    """The values of a condition on these axes, less those that say nothing."""
    return between.join(dict.fromkeys(value for axis, value in labels.items() if axis in axes and value != "none"))


@dataclass(frozen=True, eq=False)
class Line:
    """Conditions that have the same curves, so that one line shows them all."""

    labels: Labelled  # that all of them share
    whole: tuple[Curve, ...]  # of each seed
    underway: tuple[Curve, ...]  # of each seed that is still being learned

    @property
    def x(self) -> Floats:  # [X]
        """Where some seed has a value, ascending."""
        return np.array(sorted({at for curve in self.whole for at in curve}))

    @property
    def mean(self) -> Floats:  # [X]
        """The mean over seeds."""
        return np.array([np.mean(self._at(x)) for x in self.x])

    @property
    def bounds(self) -> tuple[Floats, Floats]:  # [X], [X]
        """The 95 % t interval over seeds; NaN of a single one."""
        found = [over_seeds(self._at(x)) for x in self.x]
        return np.array([i.low for i in found]), np.array([i.high for i in found])

    def _at(self, x: float) -> list[float]:
        return [curve[x] for curve in self.whole if x in curve]


def lines(outcomes: Sequence[Outcome], phase: str, metric: str, apart: Sequence[str] = ()) -> tuple[Line, ...]:
    """The curves of a metric, a line a condition. Conditions that differ in none of the axes `apart` share a line where their curves are
    equal: they measured the same stages."""
    conditions: dict[tuple[tuple[str, str], ...], tuple[list[Curve], list[Curve]]] = {}
    for outcome in outcomes:
        whole, underway = conditions.setdefault(tuple(outcome.labels.items()), ([], []))
        for curves, of in ((whole, phase), (underway, f"{phase} under way")):
            curves += [curve] if (curve := outcome.curve(of, metric)) else []
    equal: dict[object, list[tuple[tuple[str, str], ...]]] = {}
    for labels, both in conditions.items():
        if any(both):
            places = [value for axis, value in labels if axis in apart]
            equal.setdefault(repr((places, both)), []).append(labels)
    return tuple(
        Line(dict(pair for pair in mine[0] if all(pair in other for other in mine)), *map(tuple, conditions[mine[0]]))
        for mine in equal.values()
    )




def values(labelled: Iterable[Labelled], axis: str) -> tuple[str, ...]:
    """The values of an axis in the order in which they occur; a blank where there is none."""
    return tuple(dict.fromkeys(labels.get(axis, "") for labels in labelled))
