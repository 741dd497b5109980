"""One number of each seed in each condition, and the share of seeds in which it is large."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.figures.draw import (
    ALL,
    FAINT,
    INK,
    PHASE_DASHES,
    POINTS,
    WIDTH,
    Record,
    data,
    finished,
    hint,
    one_by_one,
    seeds_switch,
    short,
    told,
    zoom,
)
from analysis.figures.scatter import room
from analysis.figures.strokes import Span, view
from analysis.measures.facts import Fact, Outcome, by_condition, outcomes
from analysis.measures.seeds import share

if TYPE_CHECKING:
    import altair as alt
    from altair.typing import ChartType

LINE, LETTER = 26, 6.6  # pixels: height of a row, and width of a letter
SAID = 125  # pixels for the words beside a row


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

    def __call__(self, facts: Sequence[Fact]) -> ChartType | None:
        import altair as alt

        every = {dict(labels)[self.rows]: found for labels, found in by_condition(outcomes(facts)).items()}
        values = {
            (title, row): {o.seed: v for o in found if (v := number(o)) is not None}
            for title, number in self.numbers.items()
            for row, found in every.items()
        }
        rows = [row for row in every if any(values[title, row] for title in self.numbers)]
        if not rows:
            return None
        cells = {row: told(every[row][0].labels) for row in rows}
        panels = [
            self._panel(
                i, title, {row: values[title, row] for row in rows if values[title, row]}, cells, wide(rows, len(self.numbers), SAID)
            )
            for i, title in enumerate(self.numbers)
        ]
        seeds = {seed for mine in values.values() for seed in mine}
        zooms = [zoom([view(0, i)], name=f"zoom_{i}") for i in range(len(panels))]
        return finished(alt.hconcat(*panels), f"Each seed, by {self.rows}", [seeds_switch(seeds, ALL), *zooms])

    def _panel(self, place: int, title: str, values: Mapping[str, Mapping[int, float]], cells: Mapping[str, str], width: int) -> ChartType:
        import altair as alt

        dots: list[Record] = [
            {"row": row, "cell": cells[row], "seed": str(seed), "value": short(v)}
            for row, mine in values.items()
            for seed, v in mine.items()
        ]
        lines = [self._line(row, cells[row], list(mine.values())) for row, mine in values.items()]
        across = scale(room([v for mine in values.values() for v in mine.values()] + [0.0, self.large]))
        x, y = alt.X("value:Q", title=POINTS, scale=across), named(list(cells), place == 0)
        who = [hint("cell", "cell"), hint("seed", "seed"), hint("value", title, "+.1f")]
        over = [
            hint("cell", "cell"),
            hint("mean", f"{title}, mean", "+.1f"),
            hint("large", f"seeds above {self.large:g}"),
            hint("interval", "95 % interval of their share"),
        ]
        single = alt.Chart(data(dots)).transform_filter(one_by_one()).mark_point(filled=True, size=34, color=INK, opacity=0.5, clip=True)
        base = alt.Chart(data(lines)).encode(y)
        bar = base.mark_tick(color=INK, thickness=2.5, size=LINE - 8, clip=True)
        said = base.mark_text(align="left", clip=False).encode(text="said:N", x=alt.value(width + 8))
        return alt.layer(
            upright(0, across, INK),
            upright(self.large, across, FAINT, PHASE_DASHES["floor"]),
            single.encode(x, y, tooltip=who),
            bar.encode(alt.X("mean:Q", scale=across, title=POINTS), tooltip=over).properties(name=view(0, place)),
            said,
        ).properties(title=title, width=width, height=alt.Step(LINE))

    def _line(self, row: str, cell: str, values: Sequence[float]) -> Record:
        """The mean of a row, and the seeds that exceed `large`."""
        large = [v > self.large for v in values]
        found = share(large)
        many, interval = f"{sum(large)} of {len(large)}", f"{found.low:.2f}, {found.high:.2f}"
        return {
            "row": row,
            "cell": cell,
            "mean": short(float(np.mean(values))),
            "large": many,
            "interval": interval,
            "said": f"{many} [{interval}]",
        }


def wide(rows: Sequence[str], panels: int, beside: int = 0) -> int:
    """The width of panels beside each other whose rows have these names, each with words of this width beside it."""
    return int(max(150, (WIDTH - 24 - min(360, LETTER * max(map(len, rows)))) / panels - beside - 24))


def scale(span: Span) -> alt.Scale:
    """A horizontal scale that shows this span."""
    import altair as alt

    return alt.Scale(domain=list(span), nice=False, zero=False)


def named(rows: Sequence[str], first: bool) -> alt.Y:
    """Rows in this order, whose names stand at the left of the first panel."""
    import altair as alt

    axis = alt.Axis(domain=False, ticks=False, labels=first, grid=True, gridOpacity=0.07)
    return alt.Y("row:N", title=None, sort=list(rows), scale=alt.Scale(domain=list(rows)), axis=axis)


def upright(at: float, across: alt.Scale, colour: str, dash: Sequence[float] = ()) -> alt.Chart:
    """A line at a value, across all rows."""
    import altair as alt

    rule = alt.Chart(data([{"at": at}])).mark_rule(color=colour, strokeWidth=1, strokeDash=list(dash), clip=True)
    placed: alt.Chart = rule.encode(alt.X("at:Q", scale=across))
    return placed
