"""Lines with intervals in a panel: means over seeds, single seeds, runs under way, and the values where the pointer is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.figures.conditions import Curve, Line
from analysis.figures.draw import (
    HOVER,
    INTERVAL,
    NONE,
    Look,
    Record,
    dashes,
    data,
    finished,
    hint,
    kept,
    legend_switch,
    listed,
    one_by_one,
    seeds_switch,
    shorts,
    tints,
    told,
    zoom,
)

if TYPE_CHECKING:
    import altair as alt
    from altair.typing import ChartType

Span = tuple[float, float]
Size = tuple[int, int]  # width and height, pixels
ROOM = 0.03  # of the range of values, left free above and below
SINGLE = 0.9  # width of the curve of a seed
FORM = ".3~f"
APART = ["line:N", "cell:N", "seed:N", "state:N"]  # of these, each has a line of its own
EMPTY: Span = (0.0, 1.0)
SHARE: Span = (-0.02, 1.02)  # of an axis of shares


@dataclass(frozen=True)
class Stroke:
    """A line, how it listed, and the level of its interval, if it has one."""

    line: Line
    look: Look
    level: float | None = 0.95
    width: float = 2.0

    @property
    def _who(self) -> Record:
        return {"line": self.look.label, "cell": told(self.line.labels), "tint": self.look.colour, "dash": self.look.dash}

    def mean(self) -> Record:
        """A record of the mean over seeds: lists along the axis."""
        low, high = self.line.bounds(self.level) if self.level else 2 * (np.full(len(self.line.x), np.nan),)
        mean: Record = {"at": shorts(self.line.x), "mean": shorts(self.line.mean), "low": shorts(low), "high": shorts(high)}
        return {**self._who, **mean, "seeds": tuple(self.line.seeds), "width": self.width}

    def singles(self) -> list[Record]:
        """A record of each seed, whole or under way."""
        both = {"whole": self.line.whole, "underway": self.line.underway}
        return [self._single(seed, curve, state) for state, curves in both.items() for seed, curve in curves.items()]

    def _single(self, seed: int, curve: Curve, state: str) -> Record:
        n = self.line.n.get(seed, {})
        mine: Record = {"at": shorts(curve), "value": shorts(curve.values()), "n": tuple(n.get(at, 0) for at in curve)}
        return {**self._who, "seed": str(seed), "state": state, **mine}


@dataclass(frozen=True)
class Frame:
    """The axes of a panel: their titles, and the spans that they show."""

    x: str
    y: Sequence[str]  # lines of the title; none, where another panel has it
    across: Span
    upward: Span
    log_x: bool = False
    log_y: bool = False
    step: float = 0.0  # the least between ticks of the horizontal axis
    count: int = 8  # of ticks on the horizontal axis, about
    ticks: Sequence[float] = ()  # of the horizontal axis; as they come, where there are none

    def horizontal(self) -> alt.X:
        """The horizontal encoding of `at`."""
        import altair as alt

        scale = _scale(self.across, self.log_x)
        form, count = ("~s", 5) if self.log_x else (alt.Undefined, self.count)
        axis = alt.Axis(format=form, values=self.ticks) if self.ticks else alt.Axis(format=form, tickCount=count, tickMinStep=self.step)
        return alt.X("at", type="quantitative", title=self.x, scale=scale, axis=axis)

    def vertical(self, field: str) -> alt.Y:
        """The vertical encoding of a field."""
        import altair as alt

        scale = _scale(self.upward, self.log_y)
        return alt.Y(field, type="quantitative", title=list(self.y) or None, scale=scale, axis=alt.Axis(tickCount=5))


def _scale(span: Span, log: bool) -> alt.Scale:
    import altair as alt

    domain = list(span)
    return alt.Scale(type="log", domain=domain, nice=False) if log else alt.Scale(domain=domain, nice=False, zero=False)


INTERVAL_SAID = f"datum.low == null ? '–' : format(datum.low, '{FORM}') + ' to ' + format(datum.high, '{FORM}')"


@dataclass(frozen=True)
class Layers:
    """The layers of a panel of lines, from the lowest to the highest."""

    band: alt.Chart
    singles: alt.Chart
    mean: alt.Chart
    hovers: tuple[alt.Chart, ...]

    def panel(self, name: str, size: Size, title: str = "", below: Sequence[alt.Chart] = (), above: Sequence[alt.Chart] = ()) -> ChartType:
        """The panel of this name."""
        import altair as alt

        hovers = (layer.properties(name=f"{HOVER}-{name}-{i}") for i, layer in enumerate(self.hovers))
        whole = alt.layer(*below, self.band, self.singles, self.mean.properties(name=name), *above, *hovers)
        sized = whole.properties(width=size[0], height=size[1])
        return sized.properties(title=title) if title else sized


def stroked(strokes: Sequence[Stroke], every: Sequence[Look], frame: Frame, opacity: float = 0.6) -> Layers:
    """The layers of these lines, of which the legend names `every` one of the figure. Single seeds are drawn in this opacity."""
    import altair as alt

    legend = listed([look.label for look in every])
    tint = alt.Color("tint:N", scale=None)
    x, y, value = frame.horizontal(), frame.vertical("mean"), frame.vertical("value")
    means = alt.Chart(data([s.mean() for s in strokes if s.line.whole])).transform_flatten(["at", "mean", "low", "high", "seeds"])
    means = means.transform_filter(kept("on"))
    singles = (
        alt.Chart(data([one for s in strokes for one in s.singles()])).transform_flatten(["at", "value", "n"]).transform_filter(kept("on"))
    )
    cell, what = [hint("line", "line"), hint("cell", "cell")], " ".join(frame.y).strip() or "value"
    here = [hint("at", frame.x, "~g"), hint("mean", f"{what}, mean", FORM), hint("interval", "interval"), hint("seeds", "seeds", "d")]
    alone = [*cell, hint("seed", "seed"), hint("at", frame.x, "~g"), hint("value", what, FORM), hint("n", "n", "d")]
    few = singles.transform_filter(f"datum.state == 'underway' || {one_by_one()}")
    opaque = INTERVAL / max(1.0, sum(s.level is not None for s in strokes) / 2)  # many intervals over each other stay pale
    dot = alt.MarkDef(type="point", clip=True, filled=True, size=150, opacity=0)
    return Layers(
        means.transform_filter("datum.low != null")
        .mark_area(clip=True, fillOpacity=opaque)
        .encode(x, frame.vertical("low"), alt.Y2("high"), tint, detail=APART[:2]),
        few.mark_line(clip=True, strokeWidth=SINGLE, strokeOpacity=opacity).encode(
            x, value, tint, alt.StrokeDash("dash:N", scale=None), detail=["line:N", "cell:N", "seed:N", "state:N"], tooltip=alone[:3]
        ),
        means.mark_line(clip=True).encode(
            x, y, tints(every, legend), dashes(every, legend), alt.StrokeWidth("width:Q", scale=None), detail="cell:N"
        ),
        (
            marked(means.transform_calculate(interval=INTERVAL_SAID), dot).encode(x, y, tooltip=[*cell, *here]),
            marked(singles.transform_filter("seeds == datum.seed || datum.state == 'underway'"), dot).encode(x, value, tooltip=alone),
        ),
    )


def marked(chart: alt.Chart, mark: alt.MarkDef) -> alt.Chart:
    """The chart with this mark."""
    made: alt.Chart = chart.copy(deep=False)
    made.mark = mark
    return made


def positive(strokes: Sequence[Stroke]) -> Span:
    """The span of all positive values of these lines, for a logarithmic axis."""
    found = [v for s in strokes for curve in (*s.line.whole.values(), *s.line.underway.values()) for v in curve.values() if v > 0]
    return (min(found) / 1.1, max(found) * 1.1) if found else (0.1, 1.0)


def span(strokes: Sequence[Stroke]) -> Span:
    """The span of all values and intervals of these lines."""
    curves = [curve for s in strokes for curve in (*s.line.whole.values(), *s.line.underway.values())]
    found = [v for curve in curves for v in curve.values() if math.isfinite(v)]
    found += [v for s in strokes if s.level for v in (*s.line.bounds(s.level)[0], *s.line.bounds(s.level)[1]) if math.isfinite(v)]
    low, high = (min(found), max(found)) if found else EMPTY
    room = ROOM * (high - low) or 0.5
    return low - room, high + room


def reach(strokes: Sequence[Stroke]) -> Span:
    """The span of all places of these lines."""
    places = [at for s in strokes for curves in (s.line.whole, s.line.underway) for curve in curves.values() for at in curve]
    low, high = (min(places), max(places)) if places else EMPTY
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def written(text: str) -> alt.Chart:
    """Words in the middle of a panel."""
    import altair as alt

    words: alt.Chart = alt.Chart(data([{}])).mark_text(text=text)
    return words  # a mark without a place is in the middle


def view(row: int, place: int) -> str:
    """The name of a panel, by which its parameters know it."""
    return f"panel_{row}_{place}"


def arranged(
    rows: Sequence[Sequence[ChartType]], beside: int, legend: Sequence[Look], seeds: Iterable[int], described: str, shown: str = NONE
) -> ChartType:
    """Panels in rows, with one legend, one switch of single seeds, and one zoom."""
    import altair as alt

    views = [view(i, j) for i, row in enumerate(rows) for j in range(len(row))]
    stacked = [alt.concat(*row, columns=beside) for row in rows]
    whole = stacked[0] if len(stacked) == 1 else alt.vconcat(*stacked)
    return finished(whole, described, [legend_switch([look.label for look in legend], views), zoom(views), seeds_switch(seeds, shown)])
