"""Measures of learning over time: the metrics that a stage notes in its `metrics.jsonl`."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analysis.measures.facts import Cell, Fact
from train.stages.reading import read_note, reading
from train.stages.seal import defined
from train.stages.stage import Shelf

POINTS = 40  # of a curve: each is the mean over so many equal stretches of the run


@dataclass(frozen=True)
class Noted:
    """The learning curves of the stage that the cell calls `stage`: each of `metrics` in stretches of the run, at the last iteration of
    the stretch."""

    stage: str = "learn"
    metrics: tuple[str, ...] = ("reward", "signal", "pass@1")
    phase: str = "learning"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.stage,)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        yield from self.read(cell, defined(shelf.get(cell[self.stage])) / "metrics.jsonl", self.phase)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        """Each metric in the first iteration."""
        return (cell.fact(self.phase, metric, 1.0, 0.0) for metric in self.metrics)

    def read(self, cell: Cell, file: Path, phase: str) -> Iterator[Fact]:
        """The facts of a file of metrics, which may still grow: an unfinished last line is left out.

        Raises:
            Malformed: if a line before that cannot be read.
        """
        notes: dict[str, dict[int, list[float]]] = {metric: {} for metric in self.metrics}
        with reading(file):
            for line in file.read_bytes().split(b"\n")[:-1]:
                note = read_note(line)
                for metric in notes.keys() & note.keys():
                    notes[metric].setdefault(int(note["iteration"]), []).append(note[metric])
        for metric, found in notes.items():
            each = [(iteration, sum(values) / len(values)) for iteration, values in sorted(found.items())]
            for stretch in np.array_split(np.array(each), min(POINTS, len(each))) if each else ():
                yield cell.fact(phase, metric, float(stretch[-1, 0]) + 1, float(stretch[:, 1].mean()), len(stretch))
