"""A figure of measured difficulty: the distribution of each quantity, and its correlation with each dial."""

from pathlib import Path
from textwrap import wrap

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from synthtasks.stats.measured import BAR, Correlation, Measured, Stats

INK, FAINT, BLUE, RED = "#1b1c1e", "#8a8d92", "#0072b2", "#d55e00"  # the colours of Okabe and Ito, for colour-blind readers
COLOURS = LinearSegmentedColormap.from_list("rho", (RED, "#ffffff", BLUE))
DPI = 200
STYLE: dict[str, object] = {
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 8.5,
    "axes.titlesize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "svg.fonttype": "none",
    "text.parse_math": False,  # $ in a name starts no formula
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "axes.titlecolor", "xtick.color", "ytick.color"), INK),
}
COLUMN, ROW, SIDE, HISTOGRAM, LINE, HEAD, ANSWERS, GAP = 0.86, 0.36, 1.9, 0.8, 0.19, 1.0, 2.2, 0.2  # inches
LETTERS = 13.2  # letters of a note per inch
BINS = 18  # most bins of a histogram


def save(stats: Stats, file: Path) -> None:
    """Write the figure; the suffix of the file selects the format.

    Raises:
        ValueError: if the suffix names no format.
        OSError: if the file cannot be written.
    """
    with rc_context(STYLE):  # type: ignore[arg-type]
        painted(stats).savefig(file, dpi=DPI)


def painted(stats: Stats) -> Figure:
    """The figure: a column for each quantity, a row for each dial, and the most frequent answers."""
    notes = _notes(stats)
    columns, rows = len(stats.quantities), len(stats.dials)
    foot = 0.3 + LINE * len(notes)
    grid, map_height = columns * COLUMN, rows * ROW
    width, height = SIDE + grid + ANSWERS, HEAD + HISTOGRAM + GAP + map_height + 0.15 + foot
    figure = Figure(figsize=(width, height), facecolor="white")

    def axes(left: float, bottom: float, wide: float, high: float) -> Axes:
        return figure.add_axes((left / width, bottom / height, wide / width, high / height))

    low = foot + 0.15
    for i, quantity in enumerate(stats.quantities):
        _histogram(axes(SIDE + (i + 0.1) * COLUMN, low + map_height + GAP, 0.8 * COLUMN, HISTOGRAM), quantity)
    _heat(axes(SIDE, low, grid, map_height), stats)
    _answers(axes(SIDE + grid + 0.85, low, ANSWERS - 1.05, map_height + GAP + HISTOGRAM), stats)
    sets = "".join(f", {field} = {value}" for field, value in stats.sets.items())
    figure.text(0.12 / width, 1 - 0.22 / height, stats.family, fontsize=12, weight="bold", va="center")
    subtitle = f"{stats.problems:,} problems, dials turned independently{sets}; words counted in {stats.surface}; seed {stats.seed}"
    figure.text(SIDE / width, 1 - 0.22 / height, subtitle, color=FAINT, va="center")
    for i, note in enumerate(notes):
        figure.text(0.12 / width, (foot - 0.12 - LINE * i) / height, note, fontsize=7.5, va="top")
    return figure


def _histogram(axes: Axes, quantity: Measured) -> None:
    """A bar for each value, or for each of `BINS` bins if there are more values."""
    at, heights = np.array(quantity.values), np.array(quantity.counts)
    ends = sorted({quantity.values[0], quantity.values[-1]})
    if len(at) > BINS:
        heights, edges = np.histogram(at, bins=BINS, weights=heights)
        at = (edges[1:] + edges[:-1]) / 2
    constant = len(at) == 1
    axes.bar(at, heights, width=0.4 if constant else 0.8 * float(np.diff(at).min()), color=FAINT if constant else BLUE, alpha=0.75)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set(yticks=[], xticks=ends)
    axes.set_xticklabels([f"{value:g}" for value in ends], fontsize=6.5, color=FAINT)
    axes.tick_params(length=0, pad=1)
    if constant:
        axes.set_xlim(ends[0] - 2, ends[0] + 2)
    axes.set_title(quantity.name.replace(" ", "\n"), fontsize=8.5, pad=4)


def _heat(axes: Axes, stats: Stats) -> None:
    columns = [quantity.name for quantity in stats.quantities]
    rows = [dial.field for dial in stats.dials]
    rhos = np.array([c.rho or 0.0 for c in stats.correlations]).reshape(len(rows), len(columns))
    axes.pcolormesh(rhos, cmap=COLOURS, vmin=-1.25, vmax=1.25, edgecolors="#e3e4e6", linewidth=0.6)
    for c in stats.correlations:
        _cell(axes, columns.index(c.quantity), rows.index(c.dial), c, stats.reasons)
    axes.set(xticks=[], yticks=np.arange(len(rows)) + 0.5)
    axes.set_yticklabels([f"{dial.field}  " + " ".join(map(str, dial.values)) for dial in stats.dials])
    axes.invert_yaxis()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _cell(axes: Axes, x: int, y: int, c: Correlation, numbers: dict[str, int]) -> None:
    label = "–" if c.rho is None else c.brief.replace("-", "−")
    size = abs(c.rho or 0.0)
    colour = "white" if size > 0.7 else FAINT if c.rho is None or (c.relation == "length" and size < 0.2) else INK
    weight = "bold" if c.relation == "own" else "normal"
    axes.text(x + 0.5, y + 0.5, label, ha="center", va="center", fontsize=8, color=colour, weight=weight)
    if c.relation == "forced":
        axes.text(x + 0.93, y + 0.1, str(numbers[c.reason]), ha="right", va="top", fontsize=5.5, color=colour)
    if c.relation == "own":
        axes.add_patch(Rectangle((x + 0.04, y + 0.06), 0.92, 0.88, fill=False, edgecolor=INK, linewidth=1.0))
    if c.loose:
        axes.add_patch(Rectangle((x + 0.04, y + 0.06), 0.92, 0.88, fill=False, edgecolor=RED, linewidth=1.8))


def _answers(axes: Axes, stats: Stats) -> None:
    shares = [100 * answer.share for answer in stats.answers]
    axes.barh(range(len(shares)), shares, height=0.7, color=BLUE, alpha=0.75)
    axes.axvline(100 * stats.uniform, color=RED, linewidth=1.2, linestyle="--")
    below = (100 * stats.uniform, 0)
    axes.annotate("uniform", below, (2, -2), ("data", "axes fraction"), "offset points", fontsize=6.5, color=RED, va="top")
    axes.set(yticks=range(len(shares)), ylim=(max(len(shares), 6) - 0.4, -0.6), xlim=(0, 1.4 * shares[0]))
    axes.set_yticklabels([answer.value for answer in stats.answers])
    axes.annotate(f"{shares[0]:.3g} %", (shares[0], 0), (3, 0), textcoords="offset points", fontsize=7, va="center")
    axes.set_xticks([])
    axes.tick_params(length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_title("most frequent\nanswers", fontsize=8.5, pad=4)


def _notes(stats: Stats) -> list[str]:
    """The legend, and the reason of every forced pair."""
    loose = [f"{c.dial} and {c.quantity}" for c in stats.correlations if c.loose]
    verdict = f"In red, free and yet |ρ| ≥ {BAR:.2f}: {', '.join(loose)}." if loose else f"Every free pair has |ρ| < {BAR:.2f}."
    keys = "Framed: set by the dial. Numbered: forced. Numbers of words follow the content."
    lines = [f"Correlation ρ of dial and quantity over all problems. {keys} {verdict}"]
    for reason, number in stats.reasons.items():
        pairs = ", ".join(f"{c.dial} – {c.quantity}" for c in stats.correlations if c.reason == reason)
        lines.append(f"{number}  {pairs}: {reason}")
    wide = int(LETTERS * (SIDE + len(stats.quantities) * COLUMN + ANSWERS))
    return [part for line in lines for part in wrap(line, wide, subsequent_indent="    ")]
