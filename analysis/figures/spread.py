"""One number of each seed in each condition, and the share of seeds in which it is large. SVG; empty, where there is nothing to draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.figures.draw import FAINT, INK, PALETTE, drawn
from analysis.measures.facts import Fact, Outcome, by_condition, outcomes
from analysis.measures.seeds import share

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROOM = 0.5  # of the width of the values, right of them, for the shares


@dataclass(frozen=True)
class Gain:
    """A metric after learning less before, in points of 100, averaged over the places; None where the cell has none of them."""

    where: Callable[[Outcome], Sequence[float | None]]
    metric: str = "pass@128"

    def __call__(self, outcome: Outcome) -> float | None:
        pairs = [(outcome.value("after", self.metric, n), outcome.value("before", self.metric, n)) for n in self.where(outcome)]
        gains = [after - before for after, before in pairs if after is not None and before is not None]
        return 100 * sum(gains) / len(gains) if gains and not outcome.undefined else None


@dataclass(frozen=True)
class Spread:
    """A panel for each number, a line for each value of the label `rows`: dots are seeds, the bar is their mean. Beside it stand the
    seeds that exceed `large`, and the 95 % interval of their share."""

    numbers: Mapping[str, Callable[[Outcome], float | None]]  # with the label of its panel
    rows: str
    large: float = 10.0  # points of 100

    def __call__(self, facts: Sequence[Fact]) -> str:
        every = {dict(labels)[self.rows]: found for labels, found in by_condition(outcomes(facts)).items()}
        values = {
            (title, row): [v for o in found if (v := number(o)) is not None]
            for title, number in self.numbers.items()
            for row, found in every.items()
        }
        if not any(values.values()):
            return ""
        rows = [row for row in every if any(values[title, row] for title in self.numbers)]

        def paint(figure: Figure) -> None:
            panels = figure.subplots(1, len(self.numbers), sharey=True, squeeze=False)[0]
            for axes, title in zip(panels, self.numbers, strict=True):
                for i, row in enumerate(rows):
                    if values[title, row]:
                        self._line(axes, i, values[title, row])
                axes.axvline(0, color=INK, linewidth=0.8)
                axes.axvline(self.large, color=FAINT, linewidth=0.8, linestyle=":")
                axes.set_title(title)
                axes.set_xlabel("points of 100")
                low, high = axes.get_xlim()
                axes.set_xlim(low, high + ROOM * (high - low))
            panels[0].set_yticks(range(len(rows)), rows)
            panels[0].invert_yaxis()

        return drawn(self, f"Seeds, by {self.rows}", 4.4 * len(self.numbers) + 0.8, 0.36 * len(rows) + 1.1, paint)

    def _line(self, axes: Axes, place: int, values: Sequence[float]) -> None:
        colour = PALETTE[place % len(PALETTE)]
        axes.plot(values, [place] * len(values), "o", color=colour, markersize=4, alpha=0.6, markeredgewidth=0)
        axes.plot([float(np.mean(values))] * 2, [place - 0.3, place + 0.3], color=colour, linewidth=2)
        large = [v > self.large for v in values]
        found = share(large)
        said = f"{sum(large)} of {len(large)} [{found.low:.2f}, {found.high:.2f}]"
        axes.annotate(said, (1, place), xycoords=("axes fraction", "data"), ha="right", va="center", fontsize=8, color=FAINT)
