"""The objective that learning climbed: log p of the solution, and pass@k for several k, side by side (arXiv:2602.02710).

The gradient of log p is a sum over k of those of pass@k: an estimator of pass@1 pushes problems that are nearly solved, one of log p those
that are hardly ever.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from analysis.measures.estimates import Floats, exact_pass_at_k
from analysis.measures.exact import bands_of, scored
from analysis.measures.facts import Cell, Fact
from train.stages.stage import Shelf

KS = (1, 8, 128)
LOG = "log p"


def climbed(before: Floats, after: Floats, ks: tuple[int, ...] = KS) -> Mapping[str, float]:  # log p, of equal shape
    """The gain of each objective, mean over problems: of log p in nats, of pass@k as a share."""
    gains = {f"pass@{k}": float((exact_pass_at_k(after, k) - exact_pass_at_k(before, k)).mean()) for k in ks}
    return {LOG: float((np.minimum(after, 0.0) - np.minimum(before, 0.0)).mean())} | gains


@dataclass(frozen=True)
class Climbed:
    """The gain of each objective on the band at the cell's edge: `climbed log p` in nats, `climbed pass@k`."""

    before: str = "before"
    after: str = "after"

    @property
    def needs(self) -> tuple[str, ...]:
        return self.before, self.after, "edge"

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        if band := bands_of(cell, shelf)["at"]:
            ends = [s.plain[[s.at(n) for n in band]] for s in (scored(cell, name, shelf) for name in (self.before, self.after))]
            for of, gain in climbed(ends[0], ends[1]).items():
                yield cell.fact("after", f"climbed {of}", None, gain, ends[0].size)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return (cell.fact("after", f"climbed {of}", None, 0.0) for of in (LOG, *(f"pass@{k}" for k in KS)))
