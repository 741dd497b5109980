"""Cover@tau: the share of problems that a policy solves with a chance of at least tau (arXiv:2510.08325)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analysis.measures.estimates import Floats
from analysis.measures.exact import bands_of, imagined, scored
from analysis.measures.facts import Cell, Fact
from train.stages.stage import Shelf

COVER = "cover at the edge"
TAUS = (1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99)


def cover(logp: Floats, taus: Floats) -> Floats:  # [P], [T] -> [T]
    """G(tau) = mean 1{p >= tau} over problems, from the log-probability p that one sample solves each.

    The mean pass@k is the integral of G(tau) over the density k (1 - tau)^(k - 1): as k grows, it sees the smallest tau alone.
    """
    return np.asarray((np.exp(logp) >= taus[:, None]).mean(1))


@dataclass(frozen=True)
class Cover:
    """Exact Cover@tau on the band at the cell's edge, from the `Score` that the cell calls `stage`. The axis is tau."""

    stage: str = "after"
    phase: str = "after"
    taus: tuple[float, ...] = TAUS

    @property
    def needs(self) -> tuple[str, ...]:
        return self.stage, "edge"

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        scores = scored(cell, self.stage, shelf)
        if band := bands_of(cell, shelf)["at"]:
            logp = scores.plain[[scores.at(n) for n in band]].ravel()
            for tau, share in zip(self.taus, cover(logp, np.array(self.taus)).tolist(), strict=True):
                yield cell.fact(self.phase, COVER, tau, share, logp.size)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return imagined(cell, self.phase, [COVER], self.taus)
