"""Conditions ranked by one number, paired by seed with a reference, beside the noise that twins of the reference show. SVG; empty, where
there is nothing to draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.figures.draw import FAINT, INK, PALETTE, POINTS, drawn, swatch
from analysis.measures.facts import Fact, Outcome, outcomes
from analysis.measures.seeds import over_seeds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Number = Callable[[Outcome], float | None]
Paired = Mapping[str, Sequence[float]]  # by condition, a difference for each seed


def paired(every: Sequence[Outcome], number: Number, rows: str, reference: str) -> dict[str, list[float]]:
    """The number of each condition less that of the reference, seed by seed; conditions and seeds without one are left out."""
    found: dict[str, dict[int, float]] = {}
    for outcome in every:
        if (value := number(outcome)) is not None:
            found.setdefault(outcome.labels[rows], {})[outcome.seed] = value
    base = found.get(reference, {})
    less = {row: [value - base[seed] for seed, value in seeds.items() if seed in base] for row, seeds in found.items()}
    return {row: values for row, values in less.items() if values}


@dataclass(frozen=True)
class Ranked:
    """A panel for each number, a line for each value of the label `rows`, by its mean difference from the `reference` in the first panel,
    with its 95 % interval. The band is the largest distance from zero that the interval of a twin reaches, or of one seed its value. The
    differences of those `aside`, which would make all others one line, are written."""

    numbers: Mapping[str, Number]  # with the title of its panel
    rows: str
    reference: str
    twins: tuple[str, ...]
    aside: tuple[str, ...] = ()

    def __call__(self, facts: Sequence[Fact]) -> str:
        every = outcomes(facts)
        panels = {title: paired(every, number, self.rows, self.reference) for title, number in self.numbers.items()}
        first = next(iter(panels.values()))
        if len(first) < 2:
            return ""
        order = sorted(first, key=lambda row: float(np.mean(first[row])))

        def paint(figure: Figure) -> None:
            for axes, (title, values) in zip(figure.subplots(1, len(panels), sharey=True, squeeze=False)[0], panels.items(), strict=True):
                self._panel(axes, values, order)
                axes.set_title(title)
                axes.set_xlabel(f"less {self.reference}, {POINTS}")
                axes.set_yticks(range(len(order)), order)
                axes.set_ylim(-0.7, len(order) - 0.3)
            if self.twins:
                figure.legend(handles=[swatch(FAINT, f"noise: {', '.join(self.twins)}", 0.2)], loc="outside lower center")

        return drawn(self, f"By {self.rows}, less {self.reference}", 4.0 * len(panels) + 1.2, 0.3 * len(order) + 1.4, paint)

    def _panel(self, axes: Axes, values: Paired, order: Sequence[str]) -> None:
        if width := noise([values[twin] for twin in self.twins if twin in values]):
            axes.axvspan(-width, width, color=FAINT, alpha=0.2, linewidth=0)
        axes.axvline(0, color=INK, linewidth=0.8)
        for place, row in enumerate(order):
            if row not in values:
                continue
            colour = FAINT if row in self.twins or row == self.reference else PALETTE[0]
            found = over_seeds(values[row])
            if row in self.aside:
                written = f"{found.mean:+.0f} [{found.low:+.0f}, {found.high:+.0f}]".replace("-", "−")
                axes.text(0.02, place, written, va="center", transform=axes.get_yaxis_transform())
                continue
            axes.plot(values[row], [place] * len(values[row]), "o", color=colour, markersize=3, alpha=0.5, markeredgewidth=0)
            axes.plot([found.low, found.high], [place, place], color=colour, linewidth=1.5)
            axes.plot([found.mean], [place], "D", color=colour, markersize=5)


def noise(twins: Sequence[Sequence[float]]) -> float:
    """The largest distance from zero that the 95 % interval of a twin reaches; of one seed, its value. 0 without twins."""
    ends = [abs(end) for values in twins for end in (over_seeds(values).low, over_seeds(values).high, float(np.mean(values)))]
    return max((end for end in ends if np.isfinite(end)), default=0.0)
