"""The measure of a run's update: sparsity, concentration, rank and rotation of the weights."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from analysis.measures.facts import Cell, Fact
from analysis.measures.weights.changed import alike, concentration, difference, in_a_row, in_bfloat16, participation, unchanged
from analysis.measures.weights.spectrum import principal_angles, stable_rank
from synthtasks.checked import Checked, From
from train.learn import Learn, Snapshot
from train.policy import load_policy
from train.stages.stage import Shelf, Stage

if TYPE_CHECKING:
    from torch import Tensor

UNCHANGED, UNCHANGED_16, ALIKE = "weights unchanged", "weights unchanged in bfloat16", "weights alike"
TOP, PARTICIPATION, NORM = "update in the top 1 %", "participation ratio", "relative norm of the update"
RANK, ANGLE = "stable rank of the update", "principal angle"


@dataclass(frozen=True)
class Moved(Checked):
    """The update of the weights from the cell's `base` to its `learn`, over all parameters.

    *Weights unchanged* is the share that is equal to the bit, as weights are kept: where learning keeps them in bfloat16, it begins with
    the base's rounded to it. *In bfloat16* both are rounded, however they were kept. *Alike* allows a relative difference of .001. The
    *update in the top 1 %*, the *participation ratio* and the *stable rank* have no scale; rank and *principal angle* (degrees; the
    largest between the leading singular subspaces, left and right) are means over the matrices of the blocks. Nothing is said of the shape
    of an update of zero. Embeddings of words that are never met have no gradient, and count as unchanged.
    """

    rank: Annotated[int, From(1)] = 8  # of the subspaces

    needs = ("base", "learn")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        before, after = (load_policy(shelf.get(cell[name])).model.state_dict() for name in self.needs)
        found = {UNCHANGED_16: unchanged(in_bfloat16(before), in_bfloat16(after)), ALIKE: alike(before, after)}
        optim = _learning(cell["learn"]).optim
        kept = {name: optim.kept(x) for name, x in before.items()}
        found[UNCHANGED] = unchanged(kept, after)
        found[NORM] = float(difference(kept, after).norm() / in_a_row(kept).norm())
        if found[UNCHANGED] < 1:
            found |= {TOP: concentration(kept, after), PARTICIPATION: participation(kept, after), **self._spectra(kept, after)}
        yield from (cell.fact("after", metric, None, value) for metric, value in found.items())

    def _spectra(self, before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> Mapping[str, float]:
        matrices = [
            (x, after[name]) for name, x in before.items() if name.startswith("blocks.") and name.endswith(".weight") and x.dim() == 2
        ]
        ranks = [r for x, y in matrices if not math.isnan(r := stable_rank(y - x))]
        turned = [float(principal_angles(a, b, min(self.rank, *a.shape))[-1]) for x, y in matrices for a, b in ((x, y), (x.T, y.T))]
        return {RANK: sum(ranks) / len(ranks), ANGLE: sum(turned) / len(turned)} if ranks else {}

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        metrics = (UNCHANGED, UNCHANGED_16, ALIKE, TOP, PARTICIPATION, NORM, RANK, ANGLE)
        return (cell.fact("after", metric, None, 0.0) for metric in metrics)


def _learning(stage: Stage) -> Learn:
    learn = stage.learn if isinstance(stage, Snapshot) else stage
    assert isinstance(learn, Learn)
    return learn
