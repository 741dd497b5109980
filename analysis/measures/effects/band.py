"""Success at the edge, or at some depth, as one number before and after learning: for figures that set conditions against each other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from analysis.measures.estimates import exact_pass_at_k
from analysis.measures.exact import bands_of, scored
from analysis.measures.facts import Cell, Fact
from synthtasks.checked import Checked, From
from train.stages.stage import Shelf

AT_EDGE = "pass@128 at the edge"


@dataclass(frozen=True)
class OnBand:
    """Exact pass@128 on the band at the cell's edge, mean over its difficulties and problems; nothing, where the edge has no such band."""

    needs: tuple[str, ...] = ("edge", "before", "after")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        band = bands_of(cell, shelf)["at"]
        for phase in ("before", "after") if band else ():
            scores = scored(cell, phase, shelf)
            values = exact_pass_at_k(scores.plain[[scores.at(n) for n in band]], 128)
            yield cell.fact(phase, AT_EDGE, None, float(values.mean()), values.size)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return (cell.fact(phase, AT_EDGE, None, 0.0) for phase in ("before", "after"))


@dataclass(frozen=True)
class OnDepth(Checked):
    """Exact pass@1 at one difficulty, mean over problems."""

    depth: Annotated[int, From(1)]
    needs: tuple[str, ...] = ("before", "after")

    @property
    def metric(self) -> str:
        """The name of its metric."""
        return f"pass@1 at {self.depth} steps"

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        for phase in ("before", "after"):
            scores = scored(cell, phase, shelf)
            values = exact_pass_at_k(scores.plain[scores.at(self.depth)], 1)
            yield cell.fact(phase, self.metric, None, float(values.mean()), values.size)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return (cell.fact(phase, self.metric, None, 0.0) for phase in ("before", "after"))
