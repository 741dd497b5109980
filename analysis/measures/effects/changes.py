"""Problems that learning newly solved and lost, each one by itself, and where the newly solved come from."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analysis.measures.estimates import Thresholds, crossed, origin
from analysis.measures.exact import bands_of, imagined, means, scored
from analysis.measures.facts import Cell, Fact
from analysis.measures.scores import difficulties
from train.sample import Sample, read_samples
from train.score import Score
from train.stages.stage import Shelf

CHANGES = ("newly solved", "lost")
ORIGINS = ("created", "elicited", "undetermined")


@dataclass(frozen=True)
class Changes:
    """The shares of problems, at every difficulty, that learning newly solved and lost by exact p; the newly solved by origin, too, where
    the base is granted so many samples: `created`, `elicited` and `undetermined` sum to `newly solved`."""

    before: str = "before"
    after: str = "after"
    granted: int = 128  # samples of each problem
    thresholds: Thresholds = Thresholds()

    @property
    def needs(self) -> tuple[str, ...]:
        return self.before, self.after

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        before, after = scored(cell, self.before, shelf), scored(cell, self.after, shelf)
        solved = [np.exp(s.plain) >= self.thresholds.solved for s in (before, after)]  # [F, P]
        gained, lost = crossed(*solved)
        for metric, which in zip(CHANGES, (gained, lost), strict=True):
            yield from means(cell, "after", metric, after, which.astype(np.float64))
        kinds = origin(before.plain, self.granted, self.thresholds)
        for metric in ORIGINS:
            yield from means(cell, "after", f"{metric}@{self.granted}", after, (gained & (kinds == metric)).astype(np.float64))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        metrics = (*CHANGES, *(f"{metric}@{self.granted}" for metric in ORIGINS))
        return imagined(cell, "after", metrics, difficulties(cell.stage(self.after, Score)))


@dataclass(frozen=True)
class SampledChanges:
    """Problems newly solved and lost as sampling shows them, at the first difficulty at the edge: one is solved if so many completions are
    right. Of each policy the first half of a problem's completions counts; the *noise floor* is the share of problems that cross
    between the two halves of the policy before, either way on average, though it is one policy."""

    before: str = "sampled_before"
    after: str = "sampled_after"
    thresholds: Thresholds = Thresholds()

    @property
    def needs(self) -> tuple[str, ...]:
        return self.before, self.after, "edge"

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        if not (band := bands_of(cell, shelf)["at"]):  # then nothing was sampled
            return
        stages = [cell.stage(name, Sample) for name in (self.before, self.after)]
        right = [read_samples(s, shelf).process.reshape(s.problems, s.sampler.group) for s in stages]
        before, again, after = (
            half.mean(1) >= self.thresholds.solved
            for half in (*np.array_split(right[0], 2, axis=1), np.array_split(right[1], 2, axis=1)[0])
        )
        shares = [float(which.mean()) for which in crossed(before, after)]
        floor = sum(float(which.mean()) for which in crossed(before, again)) / 2
        for metric, value in zip((*CHANGES, "noise floor"), (*shares, floor), strict=True):
            yield cell.fact("after", f"{metric} (sampled)", band[0], value, len(before))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return imagined(cell, "after", (f"{metric} (sampled)" for metric in (*CHANGES, "noise floor")), [1])
