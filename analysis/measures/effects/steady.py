"""pass^k: the chance that all of k samples solve a problem, beside pass@k, the chance that one does."""

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.measures.estimates import exact_pass_all_k
from analysis.measures.exact import imagined, means, scored
from analysis.measures.facts import Cell, Fact
from analysis.measures.scores import difficulties
from train.score import Score
from train.stages.stage import Shelf


@dataclass(frozen=True)
class Steady:
    """Exact pass^k at every difficulty, from the `Score` that the cell calls `stage`. pass@k rises with what is in reach, pass^k with what
    can be relied on; where learning sharpens, the second gains more."""

    stage: str = "after"
    phase: str = "after"
    ks: tuple[int, ...] = (8, 32)

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.stage,)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        scores = scored(cell, self.stage, shelf)
        for k in self.ks:
            yield from means(cell, self.phase, f"pass^{k}", scores, exact_pass_all_k(scores.plain, k))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return imagined(cell, self.phase, (f"pass^{k}" for k in self.ks), difficulties(cell.stage(self.stage, Score)))
