"""Conditions ranked by one number, paired by seed with a reference, beside the noise that twins of the reference show."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.figures.draw import ALL, FAINT, INK, POINTS, Record, data, finished, hint, one_by_one, seeds_switch, short, zoom
from analysis.figures.maps import signed
from analysis.figures.scatter import room
from analysis.figures.spread import LINE, named, scale, upright, wide
from analysis.figures.strokes import view
from analysis.measures.facts import Fact, Outcome, outcomes
from analysis.measures.seeds import over_seeds

if TYPE_CHECKING:
    from altair.typing import ChartType

Number = Callable[[Outcome], float | None]
Paired = Mapping[str, Mapping[int, float]]  # by condition and seed, a difference


def paired(every: Sequence[Outcome], number: Number, rows: str, reference: str) -> dict[str, dict[int, float]]:
    """The number of each condition less that of the reference, seed by seed; conditions and seeds without one are left out."""
    found: dict[str, dict[int, float]] = {}
    for outcome in every:
        if (value := number(outcome)) is not None:
            found.setdefault(outcome.labels[rows], {})[outcome.seed] = value
    base = found.get(reference, {})
    less = {row: {seed: value - base[seed] for seed, value in seeds.items() if seed in base} for row, seeds in found.items()}
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

    def __call__(self, facts: Sequence[Fact]) -> ChartType | None:
        import altair as alt

        every = outcomes(facts)
        found = {title: paired(every, number, self.rows, self.reference) for title, number in self.numbers.items()}
        first = next(iter(found.values()))
        if len(first) < 2:
            return None
        order = sorted(first, key=lambda row: float(np.mean(list(first[row].values()))), reverse=True)
        width = wide(order, len(found))
        panels = [self._panel(i, title, values, order, width) for i, (title, values) in enumerate(found.items())]
        seeds = {seed for values in found.values() for mine in values.values() for seed in mine}
        zooms = [zoom([view(0, i)], name=f"zoom_{i}") for i in range(len(panels))]
        return finished(alt.hconcat(*panels), f"By {self.rows}, less {self.reference}", [seeds_switch(seeds, ALL), *zooms])

    def _panel(self, place: int, title: str, values: Paired, order: Sequence[str], width: int) -> ChartType:
        import altair as alt

        mine = {row: values[row] for row in order if row in values}
        dots: list[Record] = [
            {"row": row, "seed": str(s), "value": short(v), "tint": self._tint(row)} for row in mine for s, v in mine[row].items()
        ]
        lines = [self._line(row, list(mine[row].values())) for row in mine]
        band = noise([list(values[twin].values()) for twin in self.twins if twin in values])
        shown = [v for r in lines if not r["aside"] for v in (r["low"], r["high"]) if isinstance(v, float)]
        shown += [v for row in mine if row not in self.aside for v in mine[row].values()]
        across = scale(room([*shown, -band, band, 0.0]))
        label = f"less {self.reference}, {POINTS}"
        y, tint = named(order, place == 0), alt.Color("tint:N", scale=None)
        who = [hint("row", self.rows), hint("seed", "seed"), hint("value", f"{title}, {label}", "+.1f")]
        over = [
            hint("row", self.rows),
            hint("mean", f"{title}, {label}, mean", "+.1f"),
            hint("interval", "95 % interval"),
            hint("seeds", "seeds", "d"),
        ]
        base = alt.Chart(data(lines))
        drawn = base.transform_filter("!datum.aside")
        said = f"noise: {', '.join(self.twins)}"
        legend = alt.Legend(title=None, symbolType="square", symbolOpacity=0.4)
        fill = alt.Fill("what:N", scale=alt.Scale(domain=[said], range=[FAINT]), legend=legend)
        zone = alt.Chart(data([{"from": -band, "to": band, "what": said}])).mark_rect(fillOpacity=0.2, clip=True)
        single = alt.Chart(data(dots)).transform_filter(one_by_one()).transform_filter(f"indexof({list(self.aside)}, datum.row) < 0")
        bars = drawn.transform_filter("datum.low != null").mark_rule(strokeWidth=1.8, clip=True)
        return alt.layer(
            *([zone.encode(alt.X("from:Q", scale=across, title=label), alt.X2("to:Q"), fill)] if band else []),
            upright(0, across, INK),
            single.mark_point(filled=True, size=22, opacity=0.5, clip=True).encode(
                alt.X("value:Q", scale=across, title=label), y, tint, tooltip=who
            ),
            bars.encode(alt.X("low:Q", scale=across, title=label), alt.X2("high:Q"), y, tint),
            drawn.mark_point(filled=True, size=60, shape="diamond", opacity=1, clip=True)
            .encode(alt.X("mean:Q", scale=across, title=label), y, tint, tooltip=over)
            .properties(name=view(0, place)),
            base.transform_filter("datum.aside").mark_text(align="left", clip=False).encode(y, text="said:N", x=alt.value(4), tooltip=over),
        ).properties(title=title, width=width, height=alt.Step(LINE))

    def _tint(self, row: str) -> str:
        return FAINT if row in self.twins or row == self.reference else INK

    def _line(self, row: str, values: Sequence[float]) -> Record:
        """The mean difference of a row, with its interval."""
        found = over_seeds(values)
        interval = f"{signed(found.low, 1)} to {signed(found.high, 1)}" if len(values) > 1 else "–"
        said = f"{signed(found.mean)} [{signed(found.low)}, {signed(found.high)}]" if len(values) > 1 else signed(found.mean)
        ends: Record = {"mean": short(found.mean), "low": short(found.low), "high": short(found.high), "seeds": len(values)}
        return {"row": row, "tint": self._tint(row), "aside": row in self.aside, **ends, "interval": interval, "said": said}


def noise(twins: Sequence[Sequence[float]]) -> float:
    """The largest distance from zero that the 95 % interval of a twin reaches; of one seed, its value. 0 without twins."""
    ends = [abs(end) for values in twins for end in (over_seeds(values).low, over_seeds(values).high, float(np.mean(values)))]
    return max((end for end in ends if np.isfinite(end)), default=0.0)
