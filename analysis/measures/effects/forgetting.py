"""Forgetting: what learning costs in the distribution of pretraining."""

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.measures.estimates import exact_pass_at_k
from analysis.measures.exact import scored
from analysis.measures.facts import Cell, Fact
from train.stages.stage import Shelf

KNOWN = "pass@1 in distribution"


@dataclass(frozen=True)
class Forgetting:
    """Exact pass@1 before and after learning on problems such as pretraining solved (`recipes.in_distribution`), mean over difficulties."""

    before: str = "known_before"
    after: str = "known_after"

    @property
    def needs(self) -> tuple[str, ...]:
        return self.before, self.after

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        for phase, stage in (("before", self.before), ("after", self.after)):
            values = exact_pass_at_k(scored(cell, stage, shelf).plain, 1)
            yield cell.fact(phase, KNOWN, None, float(values.mean()), values.size)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return (cell.fact(phase, KNOWN, None, 0.0) for phase in ("before", "after"))
