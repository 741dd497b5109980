"""Maps by difficulty: the edge of each base, and the gain by learning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.figures.conditions import Labelled, Line, name, varying
from analysis.figures.draw import FAINT, PALETTE, POINTS, REGION_COLOURS, Dashes, drawn, grid, legend_below, stroke, swatch
from analysis.measures.facts import Fact, Outcome, by_condition, chosen, outcomes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SMALLEST_SCALE = 10.0  # points: the least range of the heat map's colours, so that noise stays pale
LOSS_TO_GAIN = ("#8c1127", "#d6604d", "#f4a582", "#ffffff", "#92c5de", "#4393c3", "#08437e")
LEVELS = 41  # colours of the heat map; odd, so that the middle one is white

CURVES: dict[str, tuple[str, Dashes, float]] = {  # of the edge map: colour, dashes, width
    "pass@1": (PALETTE[0], "-", 2.0),
    "pass@128": (PALETTE[1], "-", 2.0),
    "plan": (PALETTE[2], "--", 1.3),
    "copy": (PALETTE[3], "--", 1.3),
    "execute": (PALETTE[4], "--", 1.3),
}


@dataclass(frozen=True)
class EdgeMap:
    """Exact success of bases by difficulty and by role, over the regions of the edge: a panel for each title, of cells with its labels."""

    panels: Mapping[str, Labelled]

    def __call__(self, facts: Sequence[Fact]) -> str:
        found = {title: bases(facts, labels) for title, labels in self.panels.items()}
        bases_of = {title: mine for title, mine in found.items() if mine}
        if not bases_of:
            return ""

        def paint(figure: "Figure") -> None:
            panels = figure.subplots(1, len(bases_of), sharey=True, squeeze=False)[0]
            for axes, (title, mine) in zip(panels, bases_of.items(), strict=True):
                _regions(axes, mine)
                for metric, (colour, dashes, width) in CURVES.items():
                    _curve(axes, mine, "before", metric, colour, dashes, width)
                    if any(value < 1 for o in mine for value in o.curve("floor", metric).values()):  # where anything can be guessed
                        _curve(axes, mine, "floor", metric, colour, ":", 1.3)
                axes.set(xlabel="difficulty, steps", ylim=(-0.06, 1.02))
                axes.set_title(title, pad=16)
                grid(axes)
            panels[0].set_ylabel("probability, mean over problems")
            strokes = [stroke(colour, metric, dashes, width) for metric, (colour, dashes, width) in CURVES.items()]
            swatches = [swatch(colour, region, 0.3) for region, colour in REGION_COLOURS.items()]
            floor = stroke(FAINT, "guess floor, in its curve's colour", ":")
            legend_below(figure, [*strokes, floor, *swatches], 9 if len(bases_of) > 2 else 5)

        return drawn(self, "Edge map of each base", 3.4 * max(2, len(bases_of)) + 0.6, 4.0, paint)


def bases(facts: Sequence[Fact], labels: Labelled) -> tuple[Outcome, ...]:
    """One cell for each seed, among those with these labels whose edge is known: they share their base."""
    mine = [o for o in chosen(facts, labels) if o.curve("edge", "pass@1") and o.curve("before", "pass@1")]
    return tuple({o.seed: o for o in reversed(mine)}.values())[::-1]


def _regions(axes: "Axes", mine: Sequence[Outcome]) -> None:
    """Shade each difficulty by the share of seeds in which it lies in a region, and name the regions above."""
    from matplotlib.ticker import MaxNLocator

    for region, colour in REGION_COLOURS.items():
        found = [n for o in mine for n in o.places("edge", f"region {region}")]
        for n in sorted(set(found)):
            axes.axvspan(n - 0.5, n + 0.5, color=colour, alpha=0.2 * found.count(n) / len(mine), linewidth=0)
        if found:
            above = (sum(found) / len(found), 1.01)
            axes.annotate(region, above, xycoords=("data", "axes fraction"), ha="center", fontsize=8, color=colour)
    steps = [n for o in mine for n in o.curve("edge", "pass@1")]
    axes.set_xlim(min(steps) - 0.5, max(steps) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _curve(axes: "Axes", mine: Sequence[Outcome], phase: str, metric: str, colour: str, dashes: Dashes, width: float) -> None:
    """Draw every seed thinly and their mean boldly; for a floor the mean alone."""
    line = Line({}, {o.seed: curve for o in mine if (curve := o.curve(phase, metric))}, {})
    for curve in line.whole.values() if len(line.whole) > 1 and phase != "floor" else ():
        axes.plot(list(curve), list(curve.values()), color=colour, linestyle=dashes, linewidth=0.6, alpha=0.3)
    axes.plot(line.x, line.mean, color=colour, linestyle=dashes, linewidth=width)


@dataclass(frozen=True)
class GainMap:
    """The gain in a metric by difficulty and condition, mean over seeds, with the difficulties that were learned from."""

    metric: str = "pass@128"

    def __call__(self, facts: Sequence[Fact]) -> str:
        learned = {
            of: seeds for of, seeds in by_condition(outcomes(facts)).items() if any(o.undefined or o.metrics("learning") for o in seeds)
        }
        rows = [(labels, [_gain(o, self.metric) for o in seeds], seeds) for labels, seeds in learned.items()]
        steps = sorted({n for _, gains, _ in rows for gain in gains for n in gain})
        if not steps:
            return ""
        names = [name(dict(labels), varying(map(dict, learned))) for labels in learned]
        gains = np.array([[_mean([gain[n] for gain in each if n in gain]) for n in steps] for _, each, _ in rows])
        scale = max(SMALLEST_SCALE, float(np.nanmax(np.abs(gains))))

        def paint(figure: "Figure") -> None:
            from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm

            axes = figure.subplots()
            axes.set_facecolor("#c9cbce55")
            x, y = np.arange(len(steps) + 1) - 0.5, np.arange(len(rows) + 1) - 0.5
            colours = LinearSegmentedColormap.from_list("gain", LOSS_TO_GAIN, LEVELS)
            norm = TwoSlopeNorm(0, -scale, scale)
            mesh = axes.pcolormesh(x, y, np.ma.masked_invalid(gains), cmap=colours, norm=norm, edgecolors="#e3e4e6", linewidth=0.4)
            for j, (_, each, seeds) in enumerate(rows):
                given = [o.places("learning", "given") for o, gain in zip(seeds, each, strict=True) if gain]
                for i, n in enumerate(steps):
                    _gain_cell(axes, i, j, gains[j, i], scale, _mean([float(n in places) for places in given]) if given else 0.0)
                if not any(each) and all(o.undefined for o in seeds):
                    axes.annotate("undefined in every seed", ((len(steps) - 1) / 2, j), ha="center", va="center", fontsize=8)
            axes.set_xticks(range(len(steps)), [f"{n:g}" for n in steps])
            axes.set_yticks(range(len(rows)), names)
            axes.set_xlabel("difficulty, steps")
            axes.invert_yaxis()
            axes.tick_params(length=0)
            axes.spines[:].set_visible(False)
            figure.colorbar(mesh, ax=axes, label=f"gain in {self.metric}, {POINTS}", pad=0.01, fraction=0.03)

        return drawn(self, f"Gain in {self.metric} by difficulty", 0.36 * len(steps) + 3.2, 0.29 * len(rows) + 0.9, paint)


def _gain(outcome: Outcome, metric: str) -> dict[float, float]:
    """The gain at each difficulty where both phases were measured, in points."""
    before, after = (outcome.curve(phase, metric) for phase in ("before", "after"))
    return {n: 100 * (after[n] - before[n]) for n in before.keys() & after.keys()}


def _mean(found: Sequence[float]) -> float:
    """The mean; NaN of no values."""
    return sum(found) / len(found) if found else float("nan")


def _gain_cell(axes: "Axes", i: int, j: int, gain: float, scale: float, given: float) -> None:
    from matplotlib.patches import Rectangle

    if np.isfinite(gain) and round(gain):  # white means zero
        colour = "white" if abs(gain) > 0.55 * scale else "#333333"
        axes.annotate(f"{round(gain)}", (i, j), ha="center", va="center", fontsize=6.5, color=colour)
    if given:
        axes.add_patch(Rectangle((i - 0.46, j - 0.46), 0.92, 0.92, fill=False, edgecolor="#000000", linewidth=1.6, alpha=given))
