"""Curves along the axis of a metric, mean over seeds: any metric; pass@k at the edge; and where newly solved problems come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from analysis.figures.conditions import Labelled, Line, differ, lines, merged, name, order, values, varying
from analysis.figures.draw import (
    DASHES,
    FAINT,
    INK,
    MORE,
    ORIGIN_COLOURS,
    PALETTE,
    PAPER,
    PHASE_DASHES,
    Dash,
    Look,
    Record,
    colour,
    data,
    finished,
    hint,
    shorts,
    wide,
)
from analysis.figures.strokes import SHARE, Frame, Span, Stroke, arranged, positive, reach, span, stroked, view, written
from analysis.measures.exact import EVERY_K, ORIGINS
from analysis.measures.facts import Fact, Outcome, by_condition, chosen

if TYPE_CHECKING:
    import altair as alt
    from altair.typing import ChartType

AT_EDGE = "at the edge"  # the metric whose axis is k
TICKS = [1, 100, 10_000, 1_000_000]
COLUMNS = 3  # of panels that no label arranges
MOST = 4  # panels beside each other
COUNTS = (12, 8, 8, 5)  # of ticks
HEIGHTS = (260, 200, 190, 160)  # of panels, by how many stand beside each other


@dataclass(frozen=True)
class Curves:
    """Metrics along their axis: a row for each, a panel for each value of the axis `columns`, a colour for each of `colour`, dashes for the
    rest. The mean over seeds is bold, a run under way thin. Conditions that differ in nothing that is drawn share a line."""

    metrics: Mapping[str, str]  # with the words that stand beside each
    columns: str = ""
    colour: str = ""
    phases: tuple[str, ...] = ("after",)
    x: str = "difficulty, steps"
    level: float | None = 0.95  # of the t interval over seeds around the mean; None for no interval
    labels: Labelled = field(default_factory=dict)  # of the cells that are drawn; all, where there are none
    scale: Literal["linear", "log"] = "linear"  # of the horizontal axis

    hue: int = 0  # place in the palette of the first value of `colour`: two figures of a page, by different labels, share no colour

    def __call__(self, facts: Sequence[Fact]) -> ChartType | None:
        outcomes = tuple(chosen(facts, self.labels))
        found = {(row, phase): lines(outcomes, phase, row) for row in self.metrics for phase in self.phases}
        rows = [row for row in self.metrics if any(found[row, phase] for phase in self.phases)]
        if not rows:
            return None
        apart = (self.columns, self.colour)
        if not any(differ(each, apart) for each in found.values()):
            found = {key: merged(each, apart) for key, each in found.items()}
        every = [line for each in found.values() for line in each]
        strokes = {
            key: [Stroke(line, look, self.level) for line, look in self._looks(each, key[1], facts, every)] for key, each in found.items()
        }
        columns = values((line.labels for line in every), self.columns)
        legend = tuple(dict.fromkeys(s.look for each in strokes.values() for s in each))
        beside = min(MOST, len(columns))
        step = float(all(x == int(x) for line in every for x in line.x))
        across = reach([s for each in strokes.values() for s in each])

        def panel(row: str, place: int) -> ChartType:
            column = columns[place]
            mine = [s for phase in self.phases for s in strokes[row, phase]]
            here = [s for s in mine if s.line.lies(self.columns, column)]
            words = self.metrics[row].split("\n") if place % beside == 0 else ()
            frame = Frame(
                self.x, words, across, upward(row, mine), self.scale == "log", row == "loss", step, COUNTS[beside - 1], self._ticks(across)
            )
            title = f"{self.columns} {column}" if column else ""
            return stroked(here, legend, frame).panel(view(rows.index(row), place), (wide(beside), HEIGHTS[beside - 1]), title)

        panels = [[panel(row, i) for i in range(len(columns))] for row in rows]
        seeds = {seed for line in every for seed in line.whole}
        return arranged(panels, beside, legend, seeds, f"Curves of {', '.join(rows)} by {self.x}")

    def _ticks(self, across: tuple[float, float]) -> Sequence[float]:
        return [tick for tick in TICKS if across[0] <= tick <= across[1]] if self.scale == "log" and across[1] > TICKS[2] else ()

    def _looks(self, each: Sequence[Line], phase: str, facts: Sequence[Fact], every: Sequence[Line]) -> list[tuple[Line, Look]]:
        """The lines with their colour, dashes and label."""
        arm_axes = [axis for axis in varying(line.labels for line in every) if axis not in (self.columns, self.colour)]
        arms = tuple(dict.fromkeys(name(line.labels, arm_axes) for line in every))
        tints = order(facts, self.colour)

        def look(line: Line) -> Look:
            value, arm = line.labels.get(self.colour, ""), name(line.labels, arm_axes)
            words = (f"{self.colour} {value}" if value else "", arm, phase if len(self.phases) > 1 else "")
            place = arms.index(arm)
            if not self.colour:
                tint, turn = (INK, place) if len(arms) <= len(DASHES) else (colour(self.hue + place), place // len(DASHES))
            else:
                tint, turn = colour(self.hue + tints.index(value)), place + (self.hue + tints.index(value)) // len((*PALETTE, *MORE))
            return Look(" · ".join(filter(None, words)), tint, self._dash(turn, phase))

        return [(line, look(line)) for line in each]

    def _dash(self, arm: int, phase: str) -> Dash:
        """A dash that says the phase, if it is one of `PHASE_DASHES`, and the arm, if there are more than one."""
        if len(self.phases) == 1:
            return DASHES[arm % len(DASHES)]
        own = PHASE_DASHES.get(phase, DASHES[self.phases.index(phase)])
        return own if not arm else (*DASHES[arm % len(DASHES)], *own)


def upward(metric: str, strokes: Sequence[Stroke]) -> Span:
    """The span of the axis of a metric: from 0 to 1 for a share, without zero for a loss, as it comes for any other."""
    return SHARE if metric == "signal" or "pass@" in metric else positive(strokes) if metric == "loss" else span(strokes)


@dataclass(frozen=True)
class PassCurves:
    """Exact pass@k at the edge before and after learning, for every k: a panel for each value of the axes `rows` and `columns`."""

    rows: str
    columns: str
    labels: Labelled = field(default_factory=dict)  # of the cells that are drawn; all, where there are none

    def __call__(self, facts: Sequence[Fact]) -> ChartType | None:
        outcomes = tuple(chosen(facts, self.labels))
        found = {phase: lines(outcomes, phase, AT_EDGE) for phase in ("before", "after", "floor")}
        if not found["after"]:
            return None
        rows, columns = (values((o.labels for o in outcomes), axis) for axis in (self.rows, self.columns))
        arm_axes = [a for a in varying(o.labels for o in outcomes) if a not in (self.rows, self.columns)]
        arms = tuple(dict.fromkeys(name(line.labels, arm_axes) for line in found["after"]))
        tints = order(facts, arm_axes[0]) if len(arm_axes) == 1 else arms
        looks = {arm: Look(self._label(arm_axes, arm), colour(tints.index(arm))) for arm in arms}
        before, floor = Look("before", FAINT, PHASE_DASHES["before"]), Look("guess floor", FAINT, PHASE_DASHES["floor"])
        legend = [before, *looks.values(), floor]

        def panel(row: str, place: int) -> ChartType:
            column = columns[place]
            here = {p: [one for one in each if one.lies(self.rows, row) and one.lies(self.columns, column)] for p, each in found.items()}
            later = [Stroke(line, looks[name(line.labels, arm_axes)], width=max(1.2, 3 - 1.3 * i)) for i, line in enumerate(here["after"])]
            base = [Stroke(line, before) for line in here["before"][:1]]  # all lines of a panel start from one base
            guess = [Stroke(line, floor, None) for line in here["floor"][:1] if line.mean.min() < 1]
            gone = [o for o in outcomes if o.undefined and (o.labels.get(self.rows, ""), o.labels.get(self.columns, "")) == (row, column)]
            y = ["exact pass@k"] if place == 0 else []
            frame = Frame("k, samples of a problem", y, (1, EVERY_K[-1]), SHARE, True, ticks=TICKS)
            title = ", ".join(f"{axis} {value}" for axis, value in ((self.rows, row), (self.columns, column)) if value)
            size = (wide(len(columns)), HEIGHTS[min(MOST, len(columns)) - 1])
            above = [written("undefined")] if gone and not here["after"] else []
            return stroked([*later, *base, *guess], legend, frame).panel(view(rows.index(row), place), size, title, above=above)

        panels = [[panel(row, i) for i in range(len(columns))] for row in rows]
        seeds = {seed for line in found["after"] for seed in line.whole}
        return arranged(panels, len(columns), legend, seeds, "Exact pass at k before and after learning, by the samples of a problem")

    def _label(self, axes: Sequence[str], arm: str) -> str:
        """The words of the legend; with the axis, where there is one, as in other figures of the page."""
        return f"after, {axes[0]} {arm}" if len(axes) == 1 else f"after, {arm}" if arm else "after"


@dataclass(frozen=True)
class OriginShares:
    """The shares of newly solved problems at the edge that were elicited and created, by how many samples the base is granted."""

    labels: Labelled = field(default_factory=dict)  # of the cells that are drawn; all, where there are none

    def __call__(self, facts: Sequence[Fact]) -> ChartType | None:
        import altair as alt

        conditions = by_condition(chosen(facts, self.labels))
        axes_of_names = varying(map(dict, conditions))
        found = {name(dict(labels), axes_of_names): pooled for labels, seeds in conditions.items() if (pooled := pool(seeds)).solved}
        if not found:
            return None
        beside = min(COLUMNS, len(found))
        scale = alt.Scale(domain=list(ORIGINS), range=list(ORIGIN_COLOURS))
        tint = alt.Color("origin:N", scale=scale, legend=alt.Legend(title=None, symbolType="square"))
        x = alt.X(
            "k:Q",
            title="K, samples granted to the base",
            scale=alt.Scale(type="log", domain=[1, EVERY_K[-1]]),
            axis=alt.Axis(values=TICKS, format="~s"),
        )

        def panel(place: int, title: str, pooled: Pooled) -> ChartType:
            each = zip(*pooled.shares.values(), strict=True)
            records: list[Record] = [
                {"origin": o, "k": tuple(pooled.shares), "share": shorts(mine)} for o, mine in zip(ORIGINS, each, strict=True)
            ]
            share = alt.Y(
                "share:Q", stack="zero", title="share of newly solved" if place % beside == 0 else None, scale=alt.Scale(domain=[0, 1])
            )
            tips = [hint("origin", "origin"), hint("k", "K", "~g"), hint("share", "share", ".3~f")]
            area = alt.Chart(data(records)).transform_flatten(["k", "share"]).mark_area(stroke=PAPER, strokeWidth=0.8)
            ranked = area.transform_calculate(rank=f"indexof({list(ORIGINS)}, datum.origin)")
            shown: alt.Chart = ranked.encode(x, share, tint, alt.Order("rank:Q"), tooltip=tips)
            said = alt.Title(title, subtitle=f"{pooled.solved:,} of {pooled.problems:,} newly solved")
            return shown.properties(title=said, width=wide(COLUMNS), height=HEIGHTS[COLUMNS - 1])

        panels = [panel(i, title, pooled) for i, (title, pooled) in enumerate(found.items())]
        return finished(alt.concat(*panels, columns=beside), "Origin of newly solved problems, by the samples granted to the base")


@dataclass(frozen=True)
class Pooled:
    """The newly solved problems of all seeds of a condition."""

    solved: int
    problems: int  # at the edge
    shares: Mapping[float, tuple[float, ...]]  # of each of `ORIGINS`, by the samples granted


def pool(seeds: Sequence[Outcome]) -> Pooled:
    """The shares over the problems of all seeds: a seed weighs as much as the problems that it newly solved."""
    mine = [f for outcome in seeds for f in outcome.facts if f.phase == "after" and f.metric in ORIGINS and f.n]
    solved = sum(f.n for f in mine if f.at == 1 and f.metric == ORIGINS[0])
    problems = sum(f.n for outcome in seeds for f in outcome.facts if (f.phase, f.metric, f.at) == ("before", AT_EDGE, 1))
    granted = map(float, EVERY_K if solved else ())
    shares = {k: tuple(sum(f.n * f.value for f in mine if (f.metric, f.at) == (what, k)) / solved for what in ORIGINS) for k in granted}
    return Pooled(solved, problems, shares)
