"""One number of each condition against another, mean over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from analysis.figures.conditions import order
from analysis.figures.draw import (
    ALL,
    INK,
    SHAPES,
    Look,
    Record,
    colour,
    data,
    finished,
    hint,
    kept,
    legend_switch,
    listed,
    one_by_one,
    seeds_switch,
    short,
    tints,
    told,
    wide,
    zoom,
)
from analysis.figures.strokes import INTERVAL_SAID, Span, view
from analysis.measures.facts import Fact, Labels, Outcome, by_condition, outcomes
from analysis.measures.seeds import over_seeds

if TYPE_CHECKING:
    from altair.typing import ChartType

ROOM = 0.06  # of the range of values, left free on each side
HEIGHTS = {1: 300, 2: 250}  # of panels, by their rows; of more rows 210
Conditions = Mapping[Labels, Sequence[Outcome]]


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
    hue: int = 0  # place in the palette of the first value of `colour`: two figures of a page, by different labels, share no colour

    def __call__(self, facts: Sequence[Fact]) -> ChartType | None:
        import altair as alt

        every = by_condition(outcomes(facts)).items()
        conditions = {c: o for c, o in every if any(x.values(o) for x in self.x) and any(y.values(o) for y in self.y)}
        if not conditions:
            return None
        beside = len(self.y) if len(self.x) == 1 else len(self.x)
        pairs = list(product(self.y, self.x))
        drawn = {dict(of)[self.colour] for of in conditions}
        places = {value: i for i, value in enumerate(order(facts, self.colour)) if value in drawn}
        looks = [Look(self._label(value), colour(self.hue + i)) for value, i in places.items()]
        shapes = [SHAPES[i % len(SHAPES)] for i in places.values()]
        panels = [self._panel(i, x, y, conditions, looks, shapes, i % beside == 0 or len(self.x) == 1) for i, (y, x) in enumerate(pairs)]
        whole = alt.concat(
            *(panel.properties(width=wide(beside) - 10, height=HEIGHTS.get(len(pairs) // beside, 210)) for panel in panels), columns=beside
        )
        views = [view(0, i) for i in range(len(panels))]
        seeds = seeds_switch((o.seed for mine in conditions.values() for o in mine), ALL)
        zooms = [zoom([each], ("x", "y"), f"zoom_{i}") for i, each in enumerate(views)]
        switch = legend_switch([look.label for look in looks], views)
        return finished(whole, f"{self.label} against {', '.join(x.label for x in self.x)}", [switch, seeds, *zooms])

    def _label(self, value: str) -> str:
        """The words of the legend."""
        return f"{self.colour} {value}"

    def _panel(
        self, place: int, x: Axis, y: Axis, conditions: Conditions, looks: Sequence[Look], shapes: Sequence[str], titled: bool
    ) -> ChartType:
        import altair as alt

        singles = [one for of, found in conditions.items() for one in self._singles(dict(of), found, x, y)]
        means = [mean for of, found in conditions.items() if (mean := self._mean(dict(of), found, x, y))]
        heights = [v for r in (*singles, *means) for v in (r["y"], r.get("low"), r.get("high")) if isinstance(v, float)]
        upward = self.bounds or room([*heights, 0.0])
        labels = [look.label for look in looks]
        horizontal = alt.Scale(domain=list(room([v for r in singles if isinstance(v := r["x"], float)])), nice=False, zero=False)
        vertical = alt.Scale(domain=list(upward), nice=False, zero=False)
        words = [y.label, self.label] if titled else None
        across = alt.X("x:Q", title=x.label, scale=horizontal, axis=alt.Axis(tickCount=6))
        up = alt.Y("y:Q", title=words, scale=vertical, axis=alt.Axis(tickCount=6))
        legend = listed(labels, "circle")
        tint = tints(looks, legend)
        shape = alt.Shape("line:N", scale=alt.Scale(domain=labels, range=list(shapes)), legend=legend)
        base, ones = (alt.Chart(data(rows)).transform_filter(kept("on")) for rows in (means, singles))
        who, where = (
            [hint("line", self.colour), hint("cell", "cell")],
            [hint("x", x.label, ".3~g"), hint("y", f"{y.label}, {self.label}", ".3~g")],
        )
        over = [*who, *where, hint("interval", "95 % interval"), hint("seeds", "seeds", "d")]
        zero = (
            alt.Chart(data([{"zero": 0.0}]))
            .mark_rule(color=INK, strokeWidth=0.8, clip=True)
            .encode(alt.Y("zero:Q", scale=vertical, title=words))
        )
        dots = ones.transform_filter(one_by_one()).mark_point(filled=True, size=14, fillOpacity=0.4, strokeOpacity=0, clip=True)
        bars = base.transform_filter("datum.low != null").mark_rule(strokeWidth=1.3, strokeOpacity=0.8, clip=True)
        marks = base.transform_calculate(interval=INTERVAL_SAID).mark_point(filled=True, size=70, opacity=1, clip=True)
        words = base.mark_text(align="left", dx=7, dy=-6, clip=True)
        return alt.layer(
            *([zero] if upward[0] <= 0 <= upward[1] else []),
            dots.encode(across, up, tint, shape, tooltip=[*who, hint("seed", "seed"), *where]),
            bars.encode(across, alt.Y("low:Q", scale=vertical, title=words), alt.Y2("high:Q"), tint),
            marks.encode(across, up, tint, shape, tooltip=over).properties(name=view(0, place)),
            words.encode(across, up, text="name:N"),
        )

    def _who(self, labels: Mapping[str, str]) -> Record:
        return {"line": self._label(labels[self.colour]), "cell": told(labels)}

    def _singles(self, labels: Mapping[str, str], found: Sequence[Outcome], x: Axis, y: Axis) -> list[Record]:
        """A record of each seed that has both numbers."""
        both = [o for o in found if x.values([o]) and y.values([o])]
        values = zip(both, x.values(both), y.values(both), strict=True)
        return [{**self._who(labels), "seed": str(o.seed), "x": short(a), "y": short(b)} for o, a, b in values]

    def _mean(self, labels: Mapping[str, str], found: Sequence[Outcome], x: Axis, y: Axis) -> Record | None:
        """A record of the mean over seeds, with its interval."""
        both = [o for o in found if x.values([o]) and y.values([o])]
        if not both:
            return None
        over = over_seeds(y.values(both))
        ends: Record = {"low": short(over.low), "high": short(over.high), "seeds": len(both), "name": labels[self.name]}
        return {**self._who(labels), "x": short(float(np.mean(x.values(both)))), "y": short(over.mean), **ends}


def room(values: Sequence[float], share: float = ROOM) -> Span:
    """The span of values, with some room on both sides."""
    low, high = min(values), max(values)
    free = share * (high - low) or 0.5
    return low - free, high + free
