"""One number of each condition against another, mean over seeds. SVG; empty, where there is nothing to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, product
from typing import TYPE_CHECKING

import numpy as np

from analysis.figures.draw import INK, PALETTE, drawn, grid, legend_below
from analysis.measures.facts import Fact, Outcome, by_condition, outcomes
from analysis.measures.seeds import over_seeds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = ("o", "s", "^", "D", "v")


@dataclass(frozen=True)
class Axis:
    """A metric without an axis of its own, and its label in the picture."""

    phase: str
    metric: str
    label: str

    def values(self, outcomes: Sequence[Outcome]) -> list[float]:
        """One value for each seed."""
        return [value for outcome in outcomes if (value := outcome.value(self.phase, self.metric)) is not None]


@dataclass(frozen=True)
class Scatter:
    """A panel for each pair of x and y: a mark for each condition, coloured by one label and named by another."""

    x: tuple[Axis, ...]  # a column each; of a single x, each y is a column
    y: tuple[Axis, ...]  # a row each
    label: str  # of all y axes
    colour: str  # the label of cells that chooses the colour
    name: str  # the label of cells that is written beside the mark
    bounds: tuple[float, float] | None = None  # of all y axes, for what lies between them; None: as it comes

    def __call__(self, facts: Sequence[Fact]) -> str:
        every = by_condition(outcomes(facts)).items()
        conditions = {c: o for c, o in every if any(x.values(o) for x in self.x) and any(y.values(o) for y in self.y)}
        if not conditions:
            return ""
        rows, columns = (1, len(self.y)) if len(self.x) == 1 else (len(self.y), len(self.x))
        colours = {value: PALETTE[i % len(PALETTE)] for i, value in enumerate(dict.fromkeys(dict(c)[self.colour] for c in conditions))}

        def paint(figure: Figure) -> None:
            from matplotlib.lines import Line2D

            panels = figure.subplots(rows, columns, sharex="col", sharey="row", squeeze=False)
            for axes, (y, x) in zip(panels.ravel(), product(self.y, self.x), strict=True):
                for labels, found in conditions.items():
                    self._mark(axes, x, y, dict(labels), found, colours)
                axes.axhline(0, color=INK, linewidth=0.8)
                grid(axes)
                axes.set(ylim=self.bounds)
                if axes in panels[:, 0] or rows == 1:
                    axes.set_ylabel(f"{y.label}\n{self.label}", fontsize=8)
                if axes in panels[-1]:
                    axes.set_xlabel(x.label)
            marks = zip(colours.items(), cycle(MARKERS), strict=False)
            legend_below(figure, [Line2D([], [], color=c, marker=m, linestyle="", label=value) for (value, c), m in marks], len(colours))

        return drawn("scatter", self.label, 4.6 * columns + 0.4, 2.7 * rows + 0.7, paint)

    def _mark(self, axes: Axes, x: Axis, y: Axis, labels: Mapping[str, str], found: Sequence[Outcome], colours: Mapping[str, str]) -> None:
        both = [o for o in found if x.values([o]) and y.values([o])]
        if not both:
            return
        xs, ys, colour = x.values(both), y.values(both), colours[labels[self.colour]]
        marker = MARKERS[list(colours).index(labels[self.colour]) % len(MARKERS)]
        mean, over = float(np.mean(xs)), over_seeds(ys)
        if len(ys) > 1:
            axes.plot(xs, ys, marker, color=colour, markersize=2.5, alpha=0.35, markeredgewidth=0)
            axes.plot([mean, mean], [over.low, over.high], color=colour, linewidth=1.2, alpha=0.8)
        axes.plot([mean], [over.mean], marker, color=colour, markersize=5.5)
        axes.annotate(labels[self.name], (mean, over.mean), xytext=(5, 3), textcoords="offset points", fontsize=7.5, color=colour)
