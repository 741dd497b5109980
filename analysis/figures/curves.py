"""Curves: pass@k, and whence newly solved problems came. SVG; empty, where there is nothing to draw."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures.draw import FAINT, PALETTE, Dashes, drawn, legend_below, panels, spread, swatch
from analysis.figures.panels import Condition, at_edge, conditions, factorial, lines, over_curves, values
from analysis.measures.estimates import Floats, Origins, exact_pass_at_k, origins
from analysis.studies.results import Results

KS = np.unique(np.logspace(0, 6, 61).round()).astype(int)
TICKS = [1, 100, 10_000, 1_000_000]
ORIGINS = {"elicited": PALETTE[0], "undetermined": "#b9bcc0", "created": PALETTE[1]}
COLUMNS = 3  # of panels that no label arranges


def pass_curves(results: Results) -> str:
    """Exact pass@k at the edge before and after RL, for every k, by what was pretrained and where RL lay."""
    chosen = factorial(results)
    seeds = {c.name: at_edge(c, results) for c in chosen}
    if not any(seeds.values()):
        return ""
    rows, columns, arms = values(chosen, "primitive"), values(chosen, "region"), lines(chosen)

    def line(axes: Axes, logps: Sequence[Floats], colour: str, dashes: Dashes, width: float) -> None:
        curve = over_curves([_of_every_k(logp) for logp in logps])
        spread(axes, KS, curve.low.clip(0, 1), curve.high.clip(0, 1), colour)
        axes.plot(KS, curve.mean, color=colour, linestyle=dashes, linewidth=width)

    def panel(axes: Axes, row: str, column: str) -> None:
        here = [c for c in chosen if seeds[c.name] and _lies(c, row, column)]
        for i, c in enumerate(here):  # the later ones thinner, so that equal curves are seen to be several
            line(axes, [s.after for s in seeds[c.name]], _colour(arms, c.line), "-", max(1.0, 2.8 - 1.3 * i))
        for c in here[:1]:  # all of a panel began alike
            line(axes, [s.before for s in seeds[c.name]], FAINT, "--", 1.4)
            if any((s.floor < 0).any() for s in seeds[c.name]):
                axes.plot(KS, np.mean([_of_every_k(s.floor) for s in seeds[c.name]], 0), color=FAINT, linestyle=":", linewidth=1.3)
        if not here:
            axes.annotate("undefined", (0.5, 0.5), xycoords="axes fraction", ha="center", color=FAINT)
        axes.set(xscale="log", ylim=(-0.02, 1.02), xlim=(1, KS[-1]), xticks=TICKS)
        axes.minorticks_off()
        axes.set_title(", ".join(f"{what} {value}" for what, value in (("primitive", row), ("RL", column)) if value))

    def paint(figure: Figure) -> None:
        panels(figure, rows, columns, panel, "k, samples of a problem", ["exact pass@k"] * len(rows))
        handles = [Line2D([], [], color=FAINT, linestyle="--", label="before RL")]
        handles += [Line2D([], [], color=_colour(arms, arm), label=f"after RL, {arm}" if arm else "after RL") for arm in arms]
        legend_below(figure, [*handles, Line2D([], [], color=FAINT, linestyle=":", label="guess floor")], 4)

    return drawn("pass", "Exact pass at k before and after RL", 3.1 * max(2, len(columns)) + 0.6, 2.3 * len(rows) + 0.9, paint)


def _of_every_k(logp: Floats) -> Floats:  # [N] -> [K]
    return np.array([exact_pass_at_k(logp, int(k)).mean() for k in KS])


def _lies(condition: Condition, primitive: str, region: str) -> bool:
    return condition.labels.get("primitive", "") == primitive and condition.labels.get("region", "") == region


def _colour(every: Sequence[str], one: str) -> str:
    return PALETTE[every.index(one) % len(PALETTE)]


def origin_shares(results: Results) -> str:
    """Of the problems at the edge that RL newly solved, the shares elicited and created, by how many samples the base is granted."""
    pooled: list[tuple[str, int, list[Origins]]] = []
    for condition in conditions(results):
        seeds = at_edge(condition, results) if condition.pairs[0][0].learn is not None else ()
        if seeds:
            before, after = (np.concatenate([getattr(s, phase) for s in seeds]) for phase in ("before", "after"))
            shares = [origins(before, after, int(k)) for k in KS]
            if shares[0].solved:
                pooled.append((condition.name, len(before), shares))
    if not pooled:
        return ""
    scale = results.setting.scale
    marks = {"a problem": scale.group, "in all": scale.practice * scale.problems * scale.group}

    rows = math.ceil(len(pooled) / COLUMNS)

    def paint(figure: Figure) -> None:
        every = figure.subplots(rows, COLUMNS, sharey=True, squeeze=False).ravel()
        for axes, (name, problems, shares) in zip(every, pooled, strict=False):
            axes.stackplot(KS, *([getattr(s, what) for s in shares] for what in ORIGINS), colors=list(ORIGINS.values()), linewidth=0)
            for said, k in marks.items():
                axes.axvline(k, color="black", linewidth=0.9, linestyle=(0, (3, 2)))
                axes.annotate(f"{k:,} {said}", (k, 1.015), xycoords=("data", "axes fraction"), ha="center", fontsize=6.5)
            axes.set(xscale="log", xlim=(1, KS[-1]), ylim=(0, 1), xticks=TICKS, xlabel="K, samples granted to the base")
            axes.minorticks_off()
            axes.set_title(f"{name}\n{shares[0].solved:,} of {problems:,} newly solved", fontsize=8.5, pad=13)
        for axes in every[len(pooled) :]:
            axes.set_visible(False)
        for axes in every[::COLUMNS]:
            axes.set_ylabel("share of newly solved")
        legend_below(figure, [swatch(colour, what) for what, colour in ORIGINS.items()], 3)

    return drawn("origins", "Origin of newly solved problems", 3.1 * COLUMNS + 0.6, 2.3 * rows + 0.7, paint)
