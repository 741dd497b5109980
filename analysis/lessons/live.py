"""Curves of learning, drawn while stages run: a figure that grows in a notebook, a line of blocks in a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import altair as alt

from train.stages.reading import read_note, reading
from train.stages.seal import defined
from train.stages.stage import Log

if TYPE_CHECKING:
    from rich.console import Console

Curve = list[tuple[int, float]]  # values, each with its iteration
BLOCKS = "▁▂▃▄▅▆▇█"
POINTS, NARROW = 40, 24  # of a curve in a figure, and in a line of text
SECONDS = 0.7  # between two pictures


class Shown(Protocol):
    """A display of a notebook, whose content may be replaced."""

    def update(self, content: object) -> None: ...


def notebook() -> bool:
    """True where a notebook shows the output."""
    return "ipykernel" in sys.modules


def curve(folder: Path, metric: str) -> Curve:
    """The values of a metric that a stage has noted.

    Raises:
        Undefined: if the stage had nothing to learn from.
    """
    with reading(file := defined(folder) / "metrics.jsonl"):
        notes = [read_note(line) for line in file.read_bytes().splitlines()]
    return [(int(note["iteration"]) + 1, note[metric]) for note in notes if metric in note]


def smooth(values: Sequence[tuple[int, float]], points: int = POINTS) -> Curve:
    """Means over equal stretches of a curve, each at its last iteration.

    >>> smooth([(1, 4.0), (2, 2.0), (3, 1.0)], points=2)
    [(2, 3.0), (3, 1.0)]
    """
    size = max(1, -(-len(values) // points))
    parts = [values[i : i + size] for i in range(0, len(values), size)]
    return [(part[-1][0], sum(value for _, value in part) / len(part)) for part in parts]


def curves(runs: Mapping[str, Curve], metric: str, unit: str = "") -> alt.Chart:
    """The smoothed curves of some runs over iterations, a colour each."""
    rows = [{"run": run, "iteration": i, "value": value} for run, values in runs.items() for i, value in smooth(values)]
    colour = alt.Color("run:N", sort=list(runs), legend=alt.Legend(title=None) if len(runs) > 1 else None)
    y = alt.Y("value:Q", title=f"{metric}, {unit}" if unit else metric)
    tooltip = [alt.Tooltip("run:N"), alt.Tooltip("iteration:Q"), alt.Tooltip("value:Q", title=metric, format=".3f")]
    chart: alt.Chart = alt.Chart(alt.Data(values=rows)).mark_line(point=True).encode(alt.X("iteration:Q"), y, colour, tooltip=tooltip)
    return chart.properties(width=520, height=240)


def line(run: str, values: Curve, metric: str) -> str:
    """A curve as a line of text, from its first to its last value.

    >>> line("base", [(1, 3.0), (2, 2.0), (3, 1.0)], "loss")
    'base, 3 iterations: loss 3.000 █▅▁ 1.000'
    """
    heights = [value for _, value in smooth(values, NARROW)]
    low, high = min(heights), max(heights)
    blocks = "".join(BLOCKS[round((h - low) / (high - low or 1) * (len(BLOCKS) - 1))] for h in heights)
    return f"{run}, {values[-1][0]:,} iterations: {metric} {heights[0]:.3f} {blocks} {heights[-1]:.3f}"


@dataclass
class Growing:
    """The curves of stages that run one after the other. In a notebook one figure holds all of them."""

    metric: str
    unit: str
    console: Console
    runs: dict[str, Curve] = field(default_factory=dict)
    drawn: float = 0.0  # when
    figure: Shown | None = None

    @contextmanager
    def log(self, run: str) -> Iterator[Log]:
        """The log of one run."""
        yield Noting(self, run)
        if not notebook() and run in self.runs:
            self.console.print(line(run, self.runs[run], self.metric))

    def draw(self, run: str) -> None:
        """Show the curves as they are now."""
        self.drawn = time.monotonic()
        if not notebook():
            if self.console.is_terminal:
                self.console.print(line(run, self.runs[run], self.metric), end="\r")
            return
        from IPython.display import SVG, display

        curves(self.runs, self.metric, self.unit).save(text := StringIO(), format="svg")
        if self.figure is None:
            self.figure = display(SVG(text.getvalue()), display_id=True)
        else:
            self.figure.update(SVG(text.getvalue()))

    def close(self) -> None:
        """Take the growing figure away: the lesson shows the whole one."""
        if self.figure is not None:
            from IPython.display import Markdown

            self.figure.update(Markdown(""))


@dataclass(frozen=True)
class Noting:
    """The log of one of the runs."""

    growing: Growing
    run: str

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Note a step, and draw now and then."""
        if (metric := self.growing.metric) in metrics:
            self.growing.runs.setdefault(self.run, []).append((int(metrics["iteration"]) + 1, metrics[metric]))
            if time.monotonic() - self.growing.drawn > SECONDS:
                self.growing.draw(self.run)
