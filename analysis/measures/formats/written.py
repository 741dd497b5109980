"""Success in formats: sampled, format by format, and exact, over all formats in which a solution can be written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from analysis.measures.estimates import exact_pass_at_k
from analysis.measures.exact import scored
from analysis.measures.facts import Cell, Fact
from train.sample import Sample, read_samples
from train.stages.stage import Shelf

RIGHT = "pass@1 in all formats"  # exact
SAMPLED = "sampled process"
COMMONER = "share of the commoner format"


def share_of(format: str) -> str:
    """The metric of a format's share of completions."""
    return f"share of {format}"


def right_in(format: str) -> str:
    """The metric of a format's share of right processes."""
    return f"right in {format}"


@dataclass(frozen=True)
class Formats:
    """The completions of the `Sample` that the cell calls `stage`: the share of right processes; of each format its share of completions,
    and the share of right processes in it, where there are any; and the share of the commoner format. A completion in none of the
    formats counts as a completion alone."""

    marks: Mapping[str, str]  # the first word of each format, by its name
    stage: str = "sampled_after"
    phase: str = "after"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.stage,)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        found = read_samples(cell.stage(self.stage, Sample), shelf)
        first = np.array([(words.split(maxsplit=1) or [""])[0] for words in found.words])
        yield cell.fact(self.phase, SAMPLED, None, float(found.process.mean()), len(first))
        written = {name: first == mark for name, mark in self.marks.items()}
        for name, mine in written.items():
            yield cell.fact(self.phase, share_of(name), None, float(mine.mean()), len(first))
            if mine.any():
                yield cell.fact(self.phase, right_in(name), None, float(found.process[mine].mean()), int(mine.sum()))
        yield cell.fact(self.phase, COMMONER, None, max(float(mine.mean()) for mine in written.values()), len(first))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        metrics = (SAMPLED, COMMONER, *(what(name) for name in self.marks for what in (share_of, right_in)))
        return (cell.fact(self.phase, metric, None, 0.0) for metric in metrics)


@dataclass(frozen=True)
class InAll:
    """Exact pass@1 in whatever format: the probabilities of a problem's solutions in each of them, which exclude each other, add up. The
    `Score` of each format is the stage of the cell called `phase` and the format, as "after F1". The mean over problems."""

    formats: tuple[str, ...]
    phase: str = "after"

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(f"{self.phase} {name}" for name in self.formats)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        right = sum(exact_pass_at_k(scored(cell, name, shelf).plain, 1) for name in self.needs)
        yield cell.fact(self.phase, RIGHT, None, float(np.mean(right)), np.size(right))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        yield cell.fact(self.phase, RIGHT, None, 0.0)
