"""The claims at a glance: each tested difference with its interval, its seeds, and its margin. SVG; empty without tests."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis.claims.claims import More, Share
from analysis.claims.judge import Finding
from analysis.figures.draw import INK, POINTS, VERDICT_COLOURS, drawn, grid, legend_below, swatch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ZONE = "#009e73"
EDGE = 0.08  # of the range of values, left free on either side
LEAST = 12.0  # points that the axis shows on either side, at least
CAPTION = (
    "Diamonds are means over seeds (or shares of them, in %), bars their intervals, dots single seeds. A claim is shown if its interval "
    "lies wholly in the green zone, and the p-value stays small when adjusted for the number of claims."
)


def forest(findings: Sequence[Finding]) -> str:
    """Each tested claim's difference with its interval, over the zone in which the whole interval must lie."""
    tested = [j for j in findings if j.verdict != "reported"]
    if not tested:
        return ""
    found = [v for j in tested for v in (j.low, j.high, *_dots(j), j.margin) if v is not None]
    least, most = min([-LEAST, *found]), max([LEAST, *found])
    low, high = least - EDGE * (most - least), most + EDGE * (most - least)

    def paint(figure: "Figure") -> None:
        from matplotlib.lines import Line2D

        axes = figure.subplots()
        axes.set(xlim=(low, high), ylim=(len(tested) - 0.5, -0.5), xlabel=f"difference, {POINTS}", yticks=range(len(tested)))
        axes.set_yticklabels([j.name for j in tested])
        axes.axvline(0, color=INK, linewidth=0.8)
        for y, j in enumerate(tested):
            if j.margin is not None:
                left, right = (j.margin, high) if isinstance(j.test, More | Share) else (-j.margin, j.margin)
                axes.barh(y, right - left, left=left, height=0.8, color=ZONE, alpha=0.16, linewidth=0)
            _row(axes, y, j)
        grid(axes, "x")
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="y", length=0)
        handles = [
            Line2D([], [], color=INK, marker="D", markersize=5, label="mean over seeds, interval"),
            Line2D([], [], color=INK, marker="o", markersize=3.5, linestyle="", alpha=0.45, label="a seed"),
            swatch(ZONE, 'where the interval must at least lie for "shown" (Holm asks for more)', 0.16),
        ]
        legend_below(figure, handles, 3)

    return drawn("forest", "Tested claims with their intervals", 9.6, 0.36 * len(tested) + 1.2, paint)


def _dots(j: Finding) -> tuple[float, ...]:
    """The value of each seed; none of a share, which is of all seeds together."""
    return () if isinstance(j.test, Share) else j.values


def _row(axes: "Axes", y: int, j: Finding) -> None:
    colour = VERDICT_COLOURS[j.verdict]
    if len(dots := _dots(j)) > 1:
        axes.plot(dots, [y + 0.27] * len(dots), "o", color=colour, markersize=3.5, alpha=0.6, markeredgewidth=0)
    if j.low is not None and j.high is not None:
        axes.plot([j.low, j.high], [y, y], color=colour, linewidth=2)
    if j.difference is not None:
        axes.plot([j.difference], [y], "D", color=colour, markersize=5.5)
    label = j.verdict if j.difference is not None else f"{j.verdict}: undefined in every seed"
    axes.annotate(label, (1.01, y), xycoords=("axes fraction", "data"), va="center", color=colour, weight="bold", fontsize=8.5)
