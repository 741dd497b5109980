"""The overlap of the weights that two runs from one policy changed most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import and_, or_
from typing import TYPE_CHECKING, Annotated

from analysis.measures.facts import Cell, Fact
from synthtasks.checked import Above, Checked
from train.learn import MostChanged
from train.learn.masks import By
from train.stages.stage import Shelf

if TYPE_CHECKING:
    from torch import Tensor

OVERLAP, CHANCE = "overlap of masks", "overlap of masks by chance"


def jaccard(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> float:
    """The number of weights in both masks over that in either; bool tensors by name. NaN of two empty masks."""
    both, either = (sum(int(join(first[name], second[name]).sum()) for name in first) for join in (and_, or_))
    return both / either if either else float("nan")


def chance(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> float:
    """The Jaccard index to expect of random masks that are as dense as these in each tensor, as a ratio of expected numbers. Masks that
    prefer the same tensors overlap by chance more than those that do not."""
    sizes = [(int(first[name].sum()), int(second[name].sum()), first[name].numel()) for name in first]
    both = sum(a * b / n for a, b, n in sizes)
    either = sum(a + b for a, b, _ in sizes) - both
    return both / either if either else float("nan")


@dataclass(frozen=True)
class Overlap(Checked):
    """The Jaccard index of the weights that changed most in the runs `first` and `second` of a cell, both from its `base`, beside that of
    random masks of equal size in each tensor."""

    share: Annotated[float, Above(0, 1)] = 0.1  # of the weights
    by: By = "ratio"
    base: str = "base"
    first: str = "learn"
    second: str = "other"

    @property
    def needs(self) -> tuple[str, ...]:
        return self.base, self.first, self.second

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        masks = [MostChanged(cell[self.base], cell[name], self.share, self.by).weights(shelf) for name in (self.first, self.second)]
        size = sum(int(mask.sum()) for mask in masks[0].values())
        yield cell.fact("after", OVERLAP, None, jaccard(*masks), size)
        yield cell.fact("after", CHANCE, None, chance(*masks), size)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return (cell.fact("after", metric, None, 0.0) for metric in (OVERLAP, CHANCE))
