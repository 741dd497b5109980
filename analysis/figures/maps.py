"""Maps: the edge of each base, and what RL gained, by difficulty. SVG; empty, where there is nothing to draw."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from analysis.figures.draw import FAINT, PALETTE, POINTS, REGION_COLOURS, Dashes, drawn, grid, legend_below, swatch
from analysis.figures.panels import Condition, base_name, conditions
from analysis.measures.edge import REGIONS
from analysis.measures.estimates import Floats, exact_pass_at_k
from analysis.measures.scores import Scores, read_scores
from analysis.studies.results import Results
from analysis.studies.study import Cell
from train.stages.stage import Undefined
from train.stages.store import Store

SMALLEST_SCALE = 10.0  # points at which the heat map's colours end, at least: noise is to look like noise
LOSS_TO_GAIN = ("#8c1127", "#d6604d", "#f4a582", "#ffffff", "#92c5de", "#4393c3", "#08437e")
LEVELS = 41  # colours of the heat map; odd, so that the middle one is white

CURVES: dict[str, tuple[str, Dashes, float]] = {  # of the edge map: colour, dashes, width
    "pass@1": (PALETTE[0], "-", 2.0),
    "pass@128": (PALETTE[1], "-", 2.0),
    "plan": (PALETTE[2], "--", 1.3),
    "copy": (PALETTE[3], "--", 1.3),
    "execute": (PALETTE[4], "--", 1.3),
}


def edge_map(results: Results) -> str:
    """Exact success of each base by difficulty and by role, over the regions of the edge that its cells use."""
    return draw_edges(results.cells, results.setting.withhold, results.store)


def draw_edges(cells: Sequence[Cell], withheld: tuple[str, ...], store: Store) -> str:
    """The same for cells of which nothing but the edge and the scores before RL need be there."""
    bases = _bases(cells, store)
    if not bases:
        return ""

    def paint(figure: Figure) -> None:
        panels = figure.subplots(1, len(bases), sharey=True, squeeze=False)[0]
        for axes, (title, mine) in zip(panels, bases.items(), strict=True):
            _regions(axes, mine, store)
            _base_curves(axes, [read_scores(c.before, store) for c in mine], withheld)
            axes.set(xlabel="difficulty, steps", ylim=(-0.06, 1.02))
            axes.set_title(title, pad=16)
            grid(axes)
        panels[0].set_ylabel("probability, mean over problems")
        handles: list[object] = [Line2D([], [], color=c, linestyle=d, lw=w, label=name) for name, (c, d, w) in CURVES.items()]
        handles.append(Line2D([], [], color=FAINT, linestyle=":", label="guess floor, in its curve's colour"))
        handles += [swatch(REGION_COLOURS[region], region, 0.3) for region in REGIONS]
        legend_below(figure, handles, 9 if len(bases) > 2 else 5)

    return drawn("edge", "Edge map of each base", 3.4 * max(2, len(bases)) + 0.6, 4.0, paint)


def _bases(cells: Sequence[Cell], store: Store) -> dict[str, list[Cell]]:
    """One cell of each seed and each thing that was scored before RL, by the name of the base."""
    found: dict[str, list[Cell]] = {}
    seen = set()
    for cell in cells:
        control = dict(cell.labels).get("control", "none")
        name = base_name(cell) if control == "none" else f"{base_name(cell)} (control: {control})"
        if cell.before not in seen and _is_defined(cell, store):
            seen.add(cell.before)
            found.setdefault(name, []).append(cell)
    return found


def _is_defined(cell: Cell, store: Store) -> bool:
    try:
        read_scores(cell.before, store)
        read_scores(cell.edge.scores, store)
    except Undefined:
        return False
    return True


def _regions(axes: Axes, cells: Sequence[Cell], store: Store) -> None:
    """Shade each difficulty by the share of seeds in which it lies in a region, and name the regions above."""
    found: dict[tuple[str, int], float] = {}
    steps: tuple[int, ...] = ()
    for cell in cells:
        scores = read_scores(cell.edge.scores, store)
        steps = scores.steps
        for i, n in enumerate(scores.steps):
            one, many = (float(exact_pass_at_k(scores.plain[i], k).mean()) for k in (1, 128))
            key = cell.edge.rule.region(one, many), n
            found[key] = found.get(key, 0.0) + 1 / len(cells)
    for region in REGIONS:
        shares = {n: share for (r, n), share in found.items() if r == region}
        for n, share in shares.items():
            axes.axvspan(n - 0.5, n + 0.5, color=REGION_COLOURS[region], alpha=0.2 * share, linewidth=0)
        if shares:
            middle = sum(n * s for n, s in shares.items()) / sum(shares.values())
            axes.annotate(region, (middle, 1.01), xycoords=("data", "axes fraction"), ha="center", fontsize=8, color=REGION_COLOURS[region])
    axes.set_xlim(steps[0] - 0.5, steps[-1] + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def _base_curves(axes: Axes, scores: Sequence[Scores], withheld: tuple[str, ...]) -> None:
    """Every seed thinly, their mean boldly, and the guess floor where anything can be guessed."""
    x = scores[0].steps
    for name, (colour, dashes, width) in CURVES.items():
        curves = [_curve(s, name) for s in scores]
        for curve in curves if len(curves) > 1 else []:
            axes.plot(x, curve, color=colour, linestyle=dashes, linewidth=0.6, alpha=0.3)
        axes.plot(x, np.mean(curves, 0), color=colour, linestyle=dashes, linewidth=width)
    floors = [s.floor(withheld) for s in scores]
    for k in (1, 128) if any((f < 0).any() for f in floors) else ():
        colour = CURVES[f"pass@{k}"][0]
        axes.plot(x, np.mean([exact_pass_at_k(f, k).mean(1) for f in floors], 0), color=colour, linestyle=":", linewidth=1.3)


def _curve(scores: Scores, name: str) -> Floats:  # [F]
    kind, _, k = name.partition("@")
    logp = scores.plain if kind == "pass" else scores.role(kind)
    return np.asarray(exact_pass_at_k(logp, int(k or 1)).mean(1))


def gain_map(results: Results) -> str:
    """Gain in pass@128 by difficulty and condition, mean over seeds, with the difficulties that RL was given."""
    chosen = [c for c in conditions(results) if c.pairs[0][0].learn is not None]
    steps = sorted({n for c in chosen for _, row in c.defined for n in row.steps})
    if not steps:
        return ""
    gains = np.array([[_gain(c, n) for n in steps] for c in chosen])
    scale = max(SMALLEST_SCALE, float(np.nanmax(np.abs(gains))))

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.set_facecolor("#c9cbce55")
        x, y = np.arange(len(steps) + 1) - 0.5, np.arange(len(chosen) + 1) - 0.5
        colours = LinearSegmentedColormap.from_list("gain", LOSS_TO_GAIN, LEVELS)
        norm = TwoSlopeNorm(0, -scale, scale)
        mesh = axes.pcolormesh(x, y, np.ma.masked_invalid(gains), cmap=colours, norm=norm, edgecolors="#e3e4e6", linewidth=0.4)
        for j, condition in enumerate(chosen):
            for i, n in enumerate(steps):
                _gain_cell(axes, i, j, gains[j, i], scale, _trained(condition, n))
            if not condition.defined:
                axes.annotate("undefined in every seed", ((len(steps) - 1) / 2, j), ha="center", va="center", fontsize=8)
        axes.set(xlabel="difficulty, steps", xticks=range(len(steps)), yticks=range(len(chosen)))
        axes.set_xticklabels([str(n) for n in steps])
        axes.set_yticklabels([f"{c.name} (control)" if c.control else c.name for c in chosen])
        axes.invert_yaxis()
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        figure.colorbar(mesh, ax=axes, label=f"gain in pass@128, {POINTS}", pad=0.01, fraction=0.03)

    return drawn("gain", "Gain in pass at 128 by difficulty", 0.36 * len(steps) + 3.2, 0.29 * len(chosen) + 0.9, paint)


def _gain(condition: Condition, steps: int) -> float:
    """In points; NaN where no seed has it."""
    found = [
        100 * (row.after["pass@128"][row.steps.index(steps)] - row.before["pass@128"][row.steps.index(steps)])
        for _, row in condition.defined
        if steps in row.steps
    ]
    return sum(found) / len(found) if found else float("nan")


def _trained(condition: Condition, steps: int) -> float:
    """The share of seeds in which RL was given this difficulty."""
    rows = [row for _, row in condition.defined]
    return sum(steps in row.trained for row in rows) / len(rows) if rows else 0.0


def _gain_cell(axes: Axes, i: int, j: int, gain: float, scale: float, trained: float) -> None:
    if np.isfinite(gain) and round(gain):  # white says zero
        colour = "white" if abs(gain) > 0.55 * scale else "#333333"
        axes.annotate(f"{round(gain)}", (i, j), ha="center", va="center", fontsize=6.5, color=colour)
    if trained:
        axes.add_patch(Rectangle((i - 0.46, j - 0.46), 0.92, 0.92, fill=False, edgecolor="#000000", linewidth=1.6, alpha=trained))
