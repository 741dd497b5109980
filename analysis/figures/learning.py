"""Learning curves: what runs noted as they went, whole or under way. SVG; empty, where there is nothing to draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figures.draw import PALETTE, Dashes, drawn, legend_below, panels
from analysis.figures.panels import Condition, base_name, factorial, lines, smooth, values
from analysis.measures.estimates import Floats
from analysis.studies.results import Results
from train.checkpoint import read_note
from train.stages.reading import reading

SMOOTHING = 20  # one part of so many of a learning curve is averaged over
METRICS = {"reward": "mean reward", "signal": "share of groups\nwith signal", "pass@1": "pass@1 in training"}
DASHES: tuple[Dashes, ...] = ("-", "--", ":", "-.")  # of the arms
SINGLE = 0.7  # width of the curve of a run under way


@dataclass(frozen=True, eq=False)
class Notes:
    """What the runs of several seeds, alike but for that, noted of each metric: [I], one number an iteration."""

    labels: Mapping[str, str]
    whole: Sequence[Mapping[str, Floats]]
    underway: Sequence[Mapping[str, Floats]] = ()

    def curves(self, metric: str) -> tuple[list[Floats], list[Floats]]:
        """Of the runs that are whole and of those under way that noted it, smoothed."""
        return _smoothed(self.whole, metric), _smoothed(self.underway, metric)


def _smoothed(runs: Sequence[Mapping[str, Floats]], metric: str) -> list[Floats]:
    found = [run[metric] for run in runs if metric in run]
    return [smooth(curve, max(1, len(curve) // SMOOTHING)) for curve in found]


def read_notes(file: Path) -> dict[str, Floats]:  # [I] of each metric
    """What a run noted of each iteration; of several updates in an iteration, their mean. A line that is being written is left out.

    Raises:
        Malformed: if a line before that is no note.
    """
    notes: dict[str, dict[int, list[float]]] = {}
    with reading(file):
        for line in file.read_bytes().split(b"\n")[:-1]:
            note = read_note(line)
            for name, value in note.items():
                notes.setdefault(name, {}).setdefault(int(note["iteration"]), []).append(value)
    return {name: np.array([sum(v) / len(v) for _, v in sorted(found.items())]) for name, found in notes.items()}


def learning_curves(results: Results) -> str:
    """What RL noted as it went: reward, share of groups with signal, and success, by region; mean over seeds."""
    chosen = []
    for c in factorial(results):
        learned = [cell.learn for cell, _ in c.defined if cell.learn is not None]
        chosen.append(Notes(c.labels, [read_notes(results.store.get(stage) / "metrics.jsonl") for stage in learned]))
    return draw_learning(chosen)


def draw_learning(notes: Sequence[Notes]) -> str:
    """Of each condition the mean over the runs that are whole, and thinly those under way."""
    chosen = [n for n in notes if any(map(len, (n.whole, n.underway)))]
    rows = [m for m in METRICS if any(curves for n in chosen for curves in n.curves(m))]
    if not rows:
        return ""
    conditions = [Condition(dict(n.labels), ()) for n in chosen]
    columns, primitives, arms = values(conditions, "region"), values(conditions, "primitive"), lines(conditions)

    def look(c: Condition) -> tuple[str, Dashes]:
        colour = PALETTE[primitives.index(c.labels.get("primitive", "")) % len(PALETTE)]
        return colour, DASHES[arms.index(c.line) % len(DASHES)]

    def panel(axes: Axes, row: str, column: str) -> None:
        for c, n in zip(conditions, chosen, strict=True):
            if c.labels.get("region", "") == column:
                _seeds(axes, n, row, *look(c))
        if row == rows[0] and column:
            axes.set_title(f"RL {column}")
        if row != "reward":  # which may be of any size
            axes.set_ylim(-0.02, 1.02)

    def paint(figure: Figure) -> None:
        panels(figure, rows, columns, panel, "iteration", [METRICS[what] for what in rows])
        handles: dict[tuple[str, str], object] = {}
        for c in conditions:
            colour, dashes = look(c)
            label = " · ".join(filter(None, (c.labels.get("primitive", ""), c.line))) or "RL"
            handles[c.labels.get("primitive", ""), c.line] = Line2D([], [], color=colour, linestyle=dashes, label=label)
        legend_below(figure, list(handles.values()), 4)

    return drawn("learning", "Learning curves", 3.1 * max(2, len(columns)) + 0.6, 1.8 * len(rows) + 0.8, paint)


def _seeds(axes: Axes, notes: Notes, metric: str, colour: str, dashes: Dashes, width: float = 1.5) -> None:
    """The mean over whole runs boldly, and each run under way thinly."""
    whole, underway = notes.curves(metric)
    for curve in underway:
        axes.plot(np.arange(1, len(curve) + 1), curve, color=colour, linestyle=dashes, linewidth=SINGLE)
    if whole:
        mean = np.mean(whole, 0)
        axes.plot(np.arange(1, len(mean) + 1), mean, color=colour, linestyle=dashes, linewidth=width)


def pretraining_curves(results: Results) -> str:
    """The loss of each base as it was pretrained; mean over seeds."""
    found: dict[str, dict[Path, Mapping[str, Floats]]] = {}
    for cell in results.cells:
        folder = results.store.get(cell.before.policy)
        if folder not in (runs := found.setdefault(base_name(cell), {})) and (folder / "metrics.jsonl").exists():
            runs[folder] = read_notes(folder / "metrics.jsonl")
    return draw_pretraining([Notes({"base": name}, list(runs.values())) for name, runs in found.items()])


def draw_pretraining(notes: Sequence[Notes]) -> str:
    """The loss of each base."""
    chosen = [n for n in notes if any(n.curves("loss"))]
    if not chosen:
        return ""

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for i, n in enumerate(chosen):
            _seeds(axes, n, "loss", PALETTE[i % len(PALETTE)], DASHES[i % len(DASHES)])
        axes.set(xlabel="iteration", ylabel="loss, nats a word", yscale="log")
        handles: list[object] = [
            Line2D([], [], color=PALETTE[i % len(PALETTE)], linestyle=DASHES[i % len(DASHES)], label=n.labels["base"])
            for i, n in enumerate(chosen)
        ]
        legend_below(figure, handles, 4)

    return drawn("pretraining", "Loss in pretraining", 9.6, 2.8, paint)
