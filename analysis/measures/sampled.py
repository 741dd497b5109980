"""Measures of sampled success: answers and derivations, judged one by one."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analysis.measures.estimates import bootstrap, sampled_pass_at_k
from analysis.measures.exact import bands_of, imagined
from analysis.measures.facts import Cell, Fact
from train.sample import Sample, read_samples
from train.stages.stage import Shelf

KS = (1, 8)
SAMPLED = ("answer", "sampled process")  # which the judge holds right or wrong


@dataclass(frozen=True)
class Sampled:
    """pass@k of answers and of whole derivations, from the `Sample` that the cell calls `stage`, at the first difficulty at the edge;
    with the `low` and `high` end of its 95 % interval over problems.

    Unbiased, where problems may have several derivations and exact pass@k is a lower bound.
    """

    stage: str = "sampled_after"
    phase: str = "after"

    @property
    def needs(self) -> tuple[str, ...]:
        return self.stage, "edge"

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        if not (band := bands_of(cell, shelf)["at"]):  # then nothing was sampled
            return
        found = read_samples(cell.stage(self.stage, Sample), shelf)
        n = np.bincount(found.problem)
        for what, right in zip(SAMPLED, (found.correct, found.process), strict=True):
            solved = np.bincount(found.problem, weights=right).astype(np.int64)
            for k in KS:
                found_k = bootstrap(sampled_pass_at_k(n, solved, k), "sampled", what, k, band[0])
                for name, value in {"": found_k.mean, " low": found_k.low, " high": found_k.high}.items():
                    yield cell.fact(self.phase, f"{what}@{k}{name}", band[0], value, len(n))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        """As if the first difficulty were at the edge.

        Raises:
            ValueError: if there are too few samples for an estimate.
        """
        if (found := cell.stage(self.stage, Sample).sampler.group) < 2 * max(KS):
            raise ValueError(
                f"sampled pass@{max(KS)} wants at least {2 * max(KS)} samples of each problem (--samples of a scale); "
                f"found {found} in the cell labelled {dict(cell.labels)}"
            )
        return imagined(cell, self.phase, (f"{what}@{k}" for what in SAMPLED for k in KS), [1])
