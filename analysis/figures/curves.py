"""Curves along the axis of a metric, mean over seeds: any metric; pass@k at the edge; and where newly solved problems come from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from analysis.figures.conditions import Labelled, Line, differ, lines, merged, name, values, varying
from analysis.figures.draw import DASHES, FAINT, PALETTE, Dashes, drawn, legend_below, panels, spread, stroke, swatch
from analysis.measures.exact import EVERY_K, ORIGINS
from analysis.measures.facts import Fact, Outcome, by_condition, chosen

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AT_EDGE = "at the edge"  # the metric whose axis is k
TICKS = [1, 100, 10_000, 1_000_000]
ORIGIN_COLOURS = dict(zip(ORIGINS, (PALETTE[0], "#b9bcc0", PALETTE[1]), strict=True))
COLUMNS = 3  # of panels that no label arranges
LETTER, HANDLE = 0.065, 0.5  # inches of a letter and of a line, in a legend
SINGLE = 0.7  # width of the curve of a run under way


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

    def __call__(self, facts: Sequence[Fact]) -> str:
        outcomes = tuple(chosen(facts, self.labels))
        found = {(row, phase): lines(outcomes, phase, row) for row in self.metrics for phase in self.phases}
        rows = [row for row in self.metrics if any(found[row, phase] for phase in self.phases)]
        if not rows:
            return ""
        apart = (self.columns, self.colour)
        if not any(differ(each, apart) for each in found.values()):
            found = {key: merged(each, apart) for key, each in found.items()}
        every = [line for each in found.values() for line in each]
        columns = values((line.labels for line in every), self.columns)
        arm_axes = [axis for axis in varying(line.labels for line in every) if axis not in apart]
        arms = tuple(dict.fromkeys(name(line.labels, arm_axes) for line in every))
        tints = values((line.labels for line in every), self.colour)

        def look(line: Line, phase: str) -> tuple[str, str, Dashes]:
            """Colour, label and dashes of a line, as its `stroke` in the legend takes them."""
            value, arm = line.labels.get(self.colour, ""), name(line.labels, arm_axes)
            i = arms.index(arm)
            tint, dash = (tints.index(value), i) if self.colour else (i, i // len(PALETTE))
            dash = dash if len(arms) > 1 else tint  # where dashes are free, they repeat what the colour says
            dashes = DASHES[(dash * len(self.phases) + self.phases.index(phase)) % len(DASHES)]
            words = (f"{self.colour} {value}" if value else "", arm, phase if len(self.phases) > 1 else "")
            return PALETTE[tint % len(PALETTE)], " · ".join(filter(None, words)), dashes

        def panel(axes: "Axes", row: str, column: str) -> None:
            for phase in self.phases:
                for line in [one for one in found[row, phase] if one.lies(self.columns, column)]:
                    colour, _, dashes = look(line, phase)
                    for curve in line.underway.values():
                        axes.plot(list(curve), list(curve.values()), color=colour, linestyle=dashes, linewidth=SINGLE)
                    if line.whole:
                        if self.level is not None:
                            spread(axes, line.x, *line.bounds(self.level), colour)
                        axes.plot(line.x, line.mean, color=colour, linestyle=dashes, linewidth=1.5)
            if row == rows[0] and column:
                axes.set_title(f"{self.columns} {column}")
            axes.set_xscale(self.scale)
            axes.minorticks_off()  # a short logarithmic axis would be full of labels
            scaled(axes, row)

        width = 3.1 * len(columns) + 0.6 if len(columns) > 1 else 9.6
        looks = {look(line, phase): None for line in every for phase in self.phases}
        told = [stroke(*each) for each in looks if each[1]]
        across = max(1, int(width / (LETTER * max(len(label) for _, label, _ in looks) + HANDLE)))  # labels in a line of the legend

        def paint(figure: "Figure") -> None:
            panels(figure, rows, columns, panel, self.x, [self.metrics[row] for row in rows])
            legend_below(figure, told, across)

        height = 1.8 * len(rows) + (0.6 if len(columns) > 1 else 0.8) + 0.2 * math.ceil(len(told) / across)
        return drawn(self, f"Curves of {', '.join(rows)}", width, height, paint)


def scaled(axes: "Axes", metric: str) -> None:
    """Scale the axis of a metric: from 0 to 1 for a share, by logarithms for a loss, as it comes for any other."""
    if metric == "loss":
        axes.set_yscale("log")
    elif metric == "signal" or "pass@" in metric:
        axes.set_ylim(-0.02, 1.02)


@dataclass(frozen=True)
class PassCurves:
    """Exact pass@k at the edge before and after learning, for every k: a panel for each value of the axes `rows` and `columns`."""

    rows: str
    columns: str
    labels: Labelled = field(default_factory=dict)  # of the cells that are drawn; all, where there are none

    def __call__(self, facts: Sequence[Fact]) -> str:
        outcomes = tuple(chosen(facts, self.labels))
        found = {phase: lines(outcomes, phase, AT_EDGE) for phase in ("before", "after", "floor")}
        if not found["after"]:
            return ""
        rows, columns = (values((o.labels for o in outcomes), axis) for axis in (self.rows, self.columns))
        axes_of_arms = [a for a in varying(o.labels for o in outcomes) if a not in (self.rows, self.columns)]
        arms = tuple(dict.fromkeys(name(line.labels, axes_of_arms) for line in found["after"]))

        def panel(axes: "Axes", row: str, column: str) -> None:
            here = [[one for one in each if one.lies(self.rows, row) and one.lies(self.columns, column)] for each in found.values()]
            before, after, floor = here
            for i, line in enumerate(after):  # later lines are thinner, so that several equal curves are all visible
                _pass_curve(axes, line, PALETTE[arms.index(name(line.labels, axes_of_arms)) % len(PALETTE)], "-", max(1.0, 2.8 - 1.3 * i))
            for line in before[:1]:  # all lines of a panel start from one base
                _pass_curve(axes, line, FAINT, "--", 1.4)
            for line in floor[:1] if floor and floor[0].mean.min() < 1 else ():
                axes.plot(line.x, line.mean, color=FAINT, linestyle=":", linewidth=1.3)
            if not after and any(
                o.undefined for o in outcomes if (o.labels.get(self.rows, ""), o.labels.get(self.columns, "")) == (row, column)
            ):
                axes.annotate("undefined", (0.5, 0.5), xycoords="axes fraction", ha="center", color=FAINT)
            axes.set(xscale="log", ylim=(-0.02, 1.02), xlim=(1, EVERY_K[-1]), xticks=TICKS)
            axes.minorticks_off()
            axes.set_title(", ".join(f"{axis} {value}" for axis, value in ((self.rows, row), (self.columns, column)) if value))

        def paint(figure: "Figure") -> None:
            panels(figure, rows, columns, panel, "k, samples of a problem", ["exact pass@k"] * len(rows))
            handles = [stroke(PALETTE[i % len(PALETTE)], f"after, {arm}" if arm else "after") for i, arm in enumerate(arms)]
            legend_below(figure, [stroke(FAINT, "before", "--"), *handles, stroke(FAINT, "guess floor", ":")], 4)

        return drawn(self, "Exact pass at k before and after learning", 3.1 * max(2, len(columns)) + 0.6, 2.3 * len(rows) + 0.9, paint)


def _pass_curve(axes: "Axes", line: Line, colour: str, dashes: Dashes, width: float) -> None:
    low, high = line.bounds()
    spread(axes, line.x, low.clip(0, 1), high.clip(0, 1), colour)
    axes.plot(line.x, line.mean, color=colour, linestyle=dashes, linewidth=width)


@dataclass(frozen=True)
class OriginShares:
    """The shares of newly solved problems at the edge that were elicited and created, by how many samples the base is granted."""

    labels: Labelled = field(default_factory=dict)  # of the cells that are drawn; all, where there are none

    def __call__(self, facts: Sequence[Fact]) -> str:
        conditions = by_condition(chosen(facts, self.labels))
        axes_of_names = varying(map(dict, conditions))
        found = {name(dict(labels), axes_of_names): pooled for labels, seeds in conditions.items() if (pooled := pool(seeds)).solved}
        if not found:
            return ""
        rows = math.ceil(len(found) / COLUMNS)

        def paint(figure: "Figure") -> None:
            every = figure.subplots(rows, COLUMNS, sharey=True, squeeze=False).ravel()
            for axes, (title, pooled) in zip(every, found.items(), strict=False):
                axes.stackplot(list(pooled.shares), *zip(*pooled.shares.values(), strict=True), colors=ORIGIN_COLOURS.values(), linewidth=0)
                axes.set(xscale="log", xlim=(1, EVERY_K[-1]), ylim=(0, 1), xticks=TICKS, xlabel="K, samples granted to the base")
                axes.minorticks_off()
                axes.set_title(f"{title}\n{pooled.solved:,} of {pooled.problems:,} newly solved", fontsize=8.5)
            for axes in every[len(found) :]:
                axes.set_visible(False)
            for axes in every[::COLUMNS]:
                axes.set_ylabel("share of newly solved")
            legend_below(figure, [swatch(colour, what) for what, colour in ORIGIN_COLOURS.items()], 3)

        return drawn(self, "Origin of newly solved problems", 3.1 * COLUMNS + 0.6, 2.3 * rows + 0.7, paint)


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
