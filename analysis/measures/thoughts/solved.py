"""Exact success without an edge: means over all difficulties of a score."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analysis.measures.estimates import exact_pass_at_k
from analysis.measures.exact import scored
from analysis.measures.facts import Cell, Fact
from train.stages.stage import Shelf

KS = (1, 8, 128, 1_024)
LOG_P = "log p"


@dataclass(frozen=True)
class Solved:
    """Exact pass@k of whole derivations, and their mean log-probability in nats, over all problems of the `Score` that the cell calls
    `stage`."""

    stage: str
    phase: str

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.stage,)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        logp = scored(cell, self.stage, shelf).plain.ravel()
        for k in KS:
            yield cell.fact(self.phase, f"pass@{k}", None, float(exact_pass_at_k(logp, k).mean()), logp.size)
        yield cell.fact(self.phase, LOG_P, None, float(np.minimum(logp, 0.0).mean()), logp.size)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return (cell.fact(self.phase, metric, None, 0.0) for metric in (*(f"pass@{k}" for k in KS), LOG_P))
