"""Success without an edge: exact by difficulty, and of answers that were sampled."""

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.measures.estimates import exact_pass_at_k
from analysis.measures.exact import imagined, means, scored
from analysis.measures.facts import Cell, Fact
from analysis.measures.scores import difficulties
from train.sample import Sample, read_samples
from train.score import Score
from train.stages.stage import Shelf


@dataclass(frozen=True)
class Success:
    """Exact pass@1 at every difficulty, from the `Score` that the cell calls `stage`."""

    stage: str
    phase: str
    metric: str = "pass@1"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.stage,)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        scores = scored(cell, self.stage, shelf)
        return means(cell, self.phase, self.metric, scores, exact_pass_at_k(scores.plain, 1))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return imagined(cell, self.phase, [self.metric], difficulties(cell.stage(self.stage, Score)))


@dataclass(frozen=True)
class Answers:
    """The share of sampled completions whose answer is right, however they derive it, from the `Sample` that the cell calls `stage`."""

    stage: str
    phase: str
    at: int  # difficulty of its problems
    metric: str = "answers"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.stage,)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        correct = read_samples(cell.stage(self.stage, Sample), shelf).correct
        yield cell.fact(self.phase, self.metric, self.at, float(correct.mean()), len(correct))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return imagined(cell, self.phase, [self.metric], [self.at])
