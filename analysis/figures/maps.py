"""Maps by difficulty: the edge of each base, and the gain by learning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.figures.conditions import Labelled, Line, name, varying
from analysis.figures.draw import (
    ALL,
    INK,
    LOSS_TO_GAIN,
    PALETTE,
    PHASE_DASHES,
    POINTS,
    REGION_COLOURS,
    WIDTH,
    Look,
    Record,
    data,
    finished,
    hint,
    short,
    shorts,
    told,
    wide,
)
from analysis.figures.ramp import ink_on, ramp
from analysis.figures.strokes import Frame, Stroke, arranged, marked, reach, stroked, view
from analysis.measures.facts import Fact, Outcome, by_condition, chosen, outcomes
from analysis.measures.seeds import over_seeds

if TYPE_CHECKING:
    import altair as alt
    from altair.typing import ChartType

SMALLEST_SCALE = 10.0  # points: the least range of the heat map's colours, so that noise stays pale
CELL, LINE, LETTER = (24, 40), 27, 7  # pixels: least and largest width of a cell, its height, and the width of a letter
TOP = 1.16  # of the edge map: room for the names of regions
TINT = 0.3  # opacity of a region in which all seeds agree
WORDS = "probability, mean over problems"
CURVES = dict(zip(("pass@1", "pass@128", "plan", "copy", "execute"), PALETTE[3:], strict=True))  # conditions begin at the palette's front


@dataclass(frozen=True)
class EdgeMap:
    """Exact success of bases by difficulty and by role, over the regions of the edge: a panel for each title, of cells with its labels."""

    panels: Mapping[str, Labelled]

    def __call__(self, facts: Sequence[Fact]) -> ChartType | None:
        found = {title: bases(facts, labels) for title, labels in self.panels.items()}
        bases_of = {title: mine for title, mine in found.items() if mine}
        if not bases_of:
            return None
        floors = {metric: f"guess floor of {metric}" for metric in CURVES}
        looks = {metric: Look(metric, colour) for metric, colour in CURVES.items()}
        looks |= {floors[metric]: Look(floors[metric], colour, PHASE_DASHES["floor"]) for metric, colour in CURVES.items()}
        strokes = {title: [*_strokes(mine, "before", looks), *_strokes(mine, "floor", looks, floors)] for title, mine in bases_of.items()}
        used = {stroke.look.label for each in strokes.values() for stroke in each}
        legend = [look for label, look in looks.items() if label in used]
        size = (wide(len(bases_of)), 280)

        def panel(place: int, title: str) -> ChartType:
            low, high = reach(strokes[title])
            across = (low - 0.5, high + 0.5)
            frame = Frame("difficulty, steps", [WORDS] if place == 0 else [], across, (-0.02, TOP), step=1)
            below = _regions(bases_of[title], frame)
            return stroked(strokes[title], legend, frame, opacity=0.3).panel(view(0, place), size, title, below)

        panels = [panel(i, title) for i, title in enumerate(bases_of)]
        seeds = {o.seed for mine in bases_of.values() for o in mine}
        return arranged([panels], len(panels), legend, seeds, "Edge map of each base: success by difficulty", ALL)


def bases(facts: Sequence[Fact], labels: Labelled) -> tuple[Outcome, ...]:
    """One cell for each seed, among those with these labels whose edge is known: they share their base."""
    mine = [o for o in chosen(facts, labels) if o.curve("edge", "pass@1") and o.curve("before", "pass@1")]
    return tuple({o.seed: o for o in reversed(mine)}.values())[::-1]


def _strokes(mine: Sequence[Outcome], phase: str, looks: Mapping[str, Look], names: Mapping[str, str] | None = None) -> list[Stroke]:
    """The curve of each metric, without an interval; a floor, only where anything can be guessed."""
    found = []
    for metric in CURVES:
        curves = {o.seed: curve for o in mine if (curve := o.curve(phase, metric))}
        if curves and (names is None or any(value < 1 for curve in curves.values() for value in curve.values())):
            shared = dict(set.intersection(*(set(o.labels.items()) for o in mine)))
            line = Line(shared, curves, {}, {o.seed: o.counts(phase, metric) for o in mine})
            found.append(Stroke(line, looks[names[metric] if names else metric], None, 2.2 if metric in ("pass@1", "pass@128") else 1.6))
    return found


def _regions(mine: Sequence[Outcome], frame: Frame) -> list[alt.Chart]:
    """Each difficulty, shaded by the share of seeds in which it lies in a region; at the top a strip, and the regions by name."""
    import altair as alt

    records: list[Record] = []
    names: list[Record] = []
    for region in REGION_COLOURS:
        found = [n for o in mine for n in o.places("edge", f"region {region}")]
        for n in sorted(set(found)):
            share = found.count(n) / len(mine)
            records.append({"region": region, "from": n - 0.5, "to": n + 0.5, "steps": n, "share": short(share), "seeds": len(mine)})
        if found:
            names.append({"region": region, "middle": short(sum(found) / len(found))})
    colours = alt.Scale(domain=list(REGION_COLOURS), range=list(REGION_COLOURS.values()))
    across = alt.Scale(domain=list(frame.across), nice=False, zero=False)
    x, x2 = alt.X("from:Q", scale=across, title=frame.x), alt.X2("to:Q")
    tips = [hint("region", "region"), hint("steps", frame.x, "~g"), hint("share", "share of seeds", ".0%"), hint("seeds", "seeds", "d")]
    base = alt.Chart(data(records))
    fill, stroke = alt.Fill("region:N", scale=colours, legend=None), alt.Stroke("region:N", scale=colours, legend=None)
    shade = alt.FillOpacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0, TINT]), legend=None)
    solid = alt.StrokeOpacity("share:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1]), legend=None)
    return [
        base.mark_rect(clip=True).encode(x, x2, fill, shade, tooltip=tips),
        base.mark_rule(strokeWidth=5, clip=True).encode(x, x2, stroke, solid, y=alt.value(2), tooltip=tips),
        alt.Chart(data(names))
        .mark_text(baseline="top", clip=True)
        .encode(alt.X("middle:Q", scale=across), y=alt.value(8), text="region:N"),
    ]


@dataclass(frozen=True)
class GainMap:
    """The gain in a metric by difficulty and condition, mean over seeds, with the difficulties that were learned from."""

    metric: str = "pass@128"

    def __call__(self, facts: Sequence[Fact]) -> ChartType | None:
        import altair as alt

        learned = {
            of: seeds for of, seeds in by_condition(outcomes(facts)).items() if any(o.undefined or o.metrics("learning") for o in seeds)
        }
        rows = {labels: [_gain(o, self.metric) for o in seeds] for labels, seeds in learned.items()}
        steps = sorted({n for gains in rows.values() for gain in gains for n in gain})
        if not steps:
            return None
        axes = varying(map(dict, learned))
        names = {labels: name(dict(labels), axes) for labels in learned}
        cells = [self._cell(dict(of), names[of], n, seeds, rows[of]) for of, seeds in learned.items() for n in steps]
        scale = max(SMALLEST_SCALE, *(abs(c["gain"]) for c in cells if isinstance(c["gain"], float)))
        for cell in cells:
            cell["ink"] = ink_on(ramp(cell["gain"] / scale)) if isinstance(cell["gain"], float) else INK
        gone = [names[of] for of, seeds in learned.items() if not any(rows[of]) and all(o.undefined for o in seeds)]
        title = f"gain in {self.metric}, {POINTS}"
        stops = [scale * (2 * i / (len(LOSS_TO_GAIN) - 1) - 1) for i in range(len(LOSS_TO_GAIN))]
        colours = alt.Scale(domain=stops, range=list(LOSS_TO_GAIN), interpolate="rgb")
        apart = alt.Scale(paddingInner=0.14, paddingOuter=0.07)
        x = alt.X("steps:O", title="difficulty, steps", scale=apart, axis=alt.Axis(labelAngle=0, format="~g", domain=False, ticks=False))
        y = alt.Y("row:N", title=None, sort=list(names.values()), scale=apart, axis=alt.Axis(domain=False, ticks=False))
        tips = [hint("cell", "cell"), hint("steps", "difficulty, steps", "~g"), hint("gain", f"mean {title}", "+.1f")]
        tips += [hint("interval", "95 % interval"), hint("seeds", "seeds"), hint("each", "of each seed"), hint("n", "n")]
        tips += [hint("given", "seeds that learned from it", ".0%")]
        base = alt.Chart(data(cells)).encode(x, y)
        shown, none = base.transform_filter("isValid(datum.gain)"), base.transform_filter("!isValid(datum.gain)")
        legend = alt.Legend(title=title, format="+d", tickCount=7)
        box = shown.mark_rect().encode(alt.Fill("gain:Q", scale=colours, legend=legend), tooltip=tips)
        text = shown.mark_text(fontSize=12).encode(text="written:N", color=alt.Color("ink:N", scale=None))
        edge = alt.MarkDef(type="rect", filled=False, strokeWidth=2, width={"band": 0.9}, height={"band": 0.9})
        frame = marked(base.transform_filter("datum.given > 0"), edge).encode(
            alt.Stroke("ink:N", scale=None), alt.StrokeOpacity("given:Q", scale=None)
        )
        said = [alt.Chart(data([{"row": row} for row in gone])).mark_text(text="undefined in every seed").encode(y=y)] if gone else []
        beside = LETTER * max(map(len, names.values())) + 20
        width = min(CELL[1], max(CELL[0], (WIDTH - beside) // len(steps)))
        whole = alt.layer(none.mark_rect(color=INK, opacity=0.12), box, frame, text, *said).properties(
            width=alt.Step(width), height=alt.Step(LINE)
        )
        return finished(whole, f"Gain in {self.metric} by difficulty and condition")

    def _cell(self, labels: Labelled, row: str, n: float, seeds: Sequence[Outcome], gains: Sequence[Mapping[float, float]]) -> Record:
        """A cell of the map: the mean over seeds, its interval, and the value of each seed."""
        mine = {o.seed: gain[n] for o, gain in zip(seeds, gains, strict=True) if n in gain}
        given = [float(n in o.places("learning", "given")) for o, gain in zip(seeds, gains, strict=True) if gain]
        found = over_seeds(list(mine.values())) if mine else None
        interval = f"{signed(found.low, 1)} to {signed(found.high, 1)}" if found and len(mine) > 1 else "–"
        problems = sorted({o.counts("after", self.metric).get(n, 0) for o in seeds if o.seed in mine})
        each = ", ".join(f"{seed}: {signed(value, 1)}" for seed, value in mine.items())
        gain: Record = {"gain": short(found.mean) if found else None, "written": signed(found.mean).lstrip("+") if found else ""}
        over: Record = {"interval": interval, "seeds": len(mine), "each": each, "values": shorts(mine.values())}
        rest: Record = {"n": ", ".join(map(str, problems)), "given": short(sum(given) / len(given)) if given else 0.0}
        return {"row": row, "cell": told(labels), "steps": n, **gain, **over, **rest}


def signed(value: float, digits: int = 0) -> str:
    """A difference as it is printed: with its sign, unless it rounds to zero."""
    text = f"{value:+.{digits}f}".replace("-", "−")
    return text if text.strip("+−0.") else f"{0:.{digits}f}"


def _gain(outcome: Outcome, metric: str) -> dict[float, float]:
    """The gain at each difficulty where both phases were measured, in points."""
    before, after = (outcome.curve(phase, metric) for phase in ("before", "after"))
    return {n: 100 * (after[n] - before[n]) for n in before.keys() & after.keys()}
