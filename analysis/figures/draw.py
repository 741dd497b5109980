"""The style of figures, and SVG that is the same bytes every time. Matplotlib is imported where something is drawn: a study is named
without it."""

import hashlib
import io
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from markupsafe import escape

from analysis.measures.estimates import Floats

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Dashes: TypeAlias = Literal["-", "--", ":", "-."]

INK = "#1b1c1e"  # replaced by the colour of the surrounding text, on light pages and on dark ones
FAINT = "#8a8d92"
DASHES: tuple[Dashes, ...] = ("-", "--", ":", "-.")
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")  # Okabe and Ito: told apart by colour-blind readers
POINTS = "points of 100"
REGION_COLOURS = {"below": "#009e73", "at": "#e69f00", "beyond": "#cc79a7"}
VERDICT_COLOURS = {
    **dict.fromkeys(("shown", "shown (no update)"), "#009e73"),
    "refuted": "#d55e00",
    **dict.fromkeys(("undetermined", "reported"), FAINT),
}

STYLE: dict[str, object] = {
    "svg.fonttype": "none", "font.family": ["sans-serif"], "font.sans-serif": ["DejaVu Sans"], "font.size": 9,
    "axes.titlesize": 9.5, "axes.labelsize": 9, "xtick.labelsize": 8, "ytick.labelsize": 8, "legend.fontsize": 8.5,
    "axes.linewidth": 0.7, "lines.linewidth": 1.8, "hatch.linewidth": 0.6,
    **dict.fromkeys(("axes.spines.top", "axes.spines.right", "legend.frameon"), False),
    **dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor"), "none"),
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "axes.titlecolor", "xtick.color", "ytick.color"), INK),
}  # fmt: skip
NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))


def drawn(of: object, title: str, width: float, height: float, paint: "Callable[[Figure], None]") -> str:
    """The SVG of a figure of this size in inches, on which `paint` draws. Its identifiers come from the representation of `of`, the value
    that draws it, so that figures of one page share none."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    name = f"f{hashlib.sha256(repr(of).encode()).hexdigest()[:8]}"
    with rc_context({**STYLE, "svg.hashsalt": name}):  # type: ignore[dict-item]
        figure = Figure(figsize=(width, height), layout="constrained")
        paint(figure)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata=NO_METADATA)
    return tidy(file.getvalue(), name, title)


def tidy(svg: str, name: str, title: str) -> str:
    """One `<svg>` element of any size, whose identifiers are its own, and whose ink is that of the text around it."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'(<svg\b[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg\b[^>]*?) height="[^"]*"', lambda found: rf'{found[1]} role="img" aria-label="{escape(title)}"', svg, count=1)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'(url\(#|href="#)', rf"\1{name}-", svg)
    svg = re.sub(r" *<style type=.*?</style>\n?", "", svg, flags=re.DOTALL)  # it would style the surrounding page, too
    return svg.replace(INK, "currentColor")


def grid(axes: "Axes", axis: Literal["x", "y"] = "y") -> None:
    """Faint lines to read values by."""
    axes.grid(axis=axis, color=FAINT, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)


def spread(axes: "Axes", x: Floats, low: Floats, high: Floats, colour: str) -> None:
    """Shade the interval around a curve, unless it is NaN everywhere."""
    if np.isfinite(low).any():
        axes.fill_between(x, low, high, color=colour, alpha=0.18, linewidth=0)


def legend_below(figure: "Figure", handles: "Sequence[Artist]", columns: int) -> None:
    """One legend for all panels, under them."""
    figure.legend(handles=list(handles), loc="outside lower center", ncols=columns)


def stroke(colour: str, label: str, dashes: Dashes = "-", width: float = 1.8) -> "Artist":
    """A line, for a legend."""
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, linestyle=dashes, linewidth=width, label=label)


def swatch(colour: str, label: str, alpha: float = 1.0) -> "Artist":
    """An area, for a legend."""
    from matplotlib.patches import Patch

    return Patch(facecolor=colour, alpha=alpha, label=label, linewidth=0)


def panels(
    figure: "Figure", rows: Sequence[str], columns: Sequence[str], paint: "Callable[[Axes, str, str], None]", x: str, y: Sequence[str]
) -> None:
    """A panel for each row and column, with shared axes; the label `x` stands under the last row, those of `y` beside each row."""
    for i, line in enumerate(figure.subplots(len(rows), len(columns), sharex=True, sharey="row", squeeze=False)):
        for axes, column in zip(line, columns, strict=True):
            paint(axes, rows[i], column)
            grid(axes)
            if i == len(rows) - 1:
                axes.set_xlabel(x)
        line[0].set_ylabel(y[i])
