"""The claims at a glance: each tested difference with its interval, its seeds, and its margin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.claims.claims import More, Same, Share
from analysis.claims.judge import Finding
from analysis.figures.draw import (
    ALL,
    INK,
    POINTS,
    SHOWN,
    VERDICT_COLOURS,
    Record,
    data,
    finished,
    hint,
    one_by_one,
    seeds_switch,
    short,
    shorts,
    zoom,
)
from analysis.figures.maps import signed
from analysis.figures.spread import named, scale, upright, wide
from analysis.figures.strokes import Span, view

if TYPE_CHECKING:
    from altair.typing import ChartType

EDGE = 0.03  # of the range of values, left free on either side
LEAST = 12.0  # points that the axis shows on either side, at least
MOST = 100.0  # of a share, and of a difference of two shares, either way: what lies beyond is cut, unless it was measured
LINE = 34  # pixels of a row
BESIDE = 130  # for the verdict
SIGNS = {"shown": "▲", "shown (no update)": "▲", "refuted": "▼", "undetermined": "·"}
ZONE = "where the interval must at least lie for “shown” (Holm asks for more)"
CAPTION = (
    "Diamonds are means over seeds (or shares of them, in %), bars their intervals, dots single seeds. A claim is shown if its interval "
    "lies wholly in the green zone, and the p-value stays small when adjusted for the number of claims. An arrow marks an interval that "
    "reaches beyond what is possible."
)


def forest(findings: Sequence[Finding]) -> ChartType | None:
    """Each tested claim's difference with its interval, over the zone in which the whole interval must lie."""
    import altair as alt

    tested = [j for j in findings if j.verdict != "reported"]
    if not tested:
        return None
    low, high = _span(tested)
    free = EDGE * (high - low)
    rows, across = [j.name for j in tested], scale((low - free, high + free))
    lines = [_line(j, low, high) for j in tested]
    dots: list[Record] = [{**_who(j), "seed": str(i), "value": short(v)} for j in tested for i, v in enumerate(_dots(j))]
    zones: list[Record] = [{**_who(j), "zone": ZONE, **_zone(j.test, low - free, high + free)} for j in tested if j.test]
    y, width = named(rows, True), wide(rows, 1, BESIDE)
    title = f"difference, {POINTS}"
    tint = alt.Color("verdict:N", scale=alt.Scale(domain=list(VERDICT_COLOURS), range=list(VERDICT_COLOURS.values())), legend=None)
    fill = alt.Fill(
        "zone:N", scale=alt.Scale(domain=[ZONE], range=[SHOWN]), legend=alt.Legend(title=None, symbolType="square", symbolOpacity=0.3)
    )
    over = [
        hint(key, key.replace("_", " "))
        for key in ("claim", "statement", "verdict", "difference", "interval", "shown_if", "p", "seeds", "dropped")
    ]
    base = alt.Chart(data(lines)).encode(y, tint)
    bars = base.transform_filter("isValid(datum.low)")
    cut = {"left": ("datum.cut_low", "from"), "right": ("datum.cut_high", "to")}
    single = alt.Chart(data(dots)).transform_filter(one_by_one())
    whole = alt.layer(
        alt.Chart(data(zones))
        .mark_rect(fillOpacity=0.16, clip=True)
        .encode(alt.X("from:Q", scale=across, title=title), alt.X2("to:Q"), y, fill),
        upright(0, across, INK),
        single.mark_point(filled=True, size=22, fillOpacity=0.6, strokeOpacity=0, yOffset=10, clip=True).encode(
            alt.X("value:Q", scale=across, title=title),
            y,
            tint,
            tooltip=[hint("claim", "claim"), hint("seed", "seed, in order"), hint("value", title, "+.1f")],
        ),
        bars.mark_rule(strokeWidth=2.2, clip=True).encode(alt.X("from:Q", scale=across, title=title), alt.X2("to:Q"), tooltip=over),
        *(
            bars.transform_filter(test)
            .mark_point(shape=f"triangle-{side}", filled=True, size=70, opacity=1, clip=True)
            .encode(alt.X(f"{end}:Q", scale=across, title=title), tooltip=over)
            for side, (test, end) in cut.items()
        ),
        base.transform_filter("isValid(datum.value)")
        .mark_point(filled=True, size=80, shape="diamond", opacity=1, clip=True)
        .encode(alt.X("value:Q", scale=across, title=title), tooltip=over)
        .properties(name=view(0, 0)),
        base.mark_text(align="left", fontWeight=600, clip=False).encode(text="said:N", x=alt.value(width + 8), tooltip=over),
    ).properties(width=width, height=alt.Step(LINE))
    many = max((len(_dots(j)) for j in tested), default=0)
    return finished(whole, "Tested claims with their intervals, seeds and margins", [seeds_switch(range(many), ALL), zoom([view(0, 0)])])


def _span(tested: Sequence[Finding]) -> Span:
    """The span of the possible and the measured, at whose ends intervals are cut."""
    measured = [v for j in tested for v in (*_dots(j), j.difference, j.margin) if v is not None]
    bounds = [min(MOST, max(-MOST, v)) for j in tested for v in (j.low, j.high) if v is not None]
    floor = 0.0 if all(isinstance(j.test, Share) for j in tested) else -LEAST
    return min([floor, *measured, *bounds]), max([LEAST, *measured, *bounds])


def _zone(test: More | Same | Share, low: float, high: float) -> Record:
    """The zone of a test."""
    return {"from": test.margin, "to": high} if isinstance(test, More | Share) else {"from": -test.margin, "to": test.margin}


def _dots(j: Finding) -> tuple[float, ...]:
    """The value of each seed; none of a share, which is of all seeds together."""
    return () if isinstance(j.test, Share) else j.values


def _who(j: Finding) -> Record:
    return {"row": j.name, "claim": j.name, "verdict": j.verdict}


def _line(j: Finding, low: float, high: float) -> Record:
    """A row: the true interval, and what of it is drawn."""
    least = 0.0 if isinstance(j.test, Share) else low
    ends = (j.low, j.high) if j.low is not None and j.high is not None else (None, None)
    cut: Record = {"cut_low": ends[0] is not None and ends[0] < least, "cut_high": ends[1] is not None and ends[1] > high}
    drawn: Record = {"from": None if ends[0] is None else max(least, ends[0]), "to": None if ends[1] is None else min(high, ends[1])}
    interval = f"{signed(ends[0], 1)} to {signed(ends[1], 1)} ({j.level:.0%})" if ends[0] is not None and ends[1] is not None else "–"
    shown_if = f"{'more than' if isinstance(j.test, More | Share) else 'within'} {j.margin:g}" if j.margin is not None else "–"
    difference = f"{signed(j.difference, 1)} ({j.unit})" if j.difference is not None else "undefined in every seed"
    said = j.verdict if j.difference is not None else f"{j.verdict}: undefined in every seed"
    numbers: Record = {"value": j.difference, "low": ends[0], "high": ends[1], "values": shorts(j.values), "margin": j.margin}
    tips: Record = {"difference": difference, "interval": interval, "shown_if": shown_if, "p": "–" if j.p is None else f"{j.p:.3f}"}
    tips |= {"statement": j.statement, "seeds": j.n, "dropped": j.dropped, "said": f"{SIGNS.get(j.verdict, '')} {said}"}
    return {**_who(j), **numbers, **drawn, **cut, **tips}
