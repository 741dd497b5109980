"""Problems that a way of eliciting solves, beside those that the base could solve: recovery of a gap, containment, and overlap."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from analysis.measures.effects.likelihood import Likelihood, read_likelihood
from analysis.measures.estimates import Bools, Floats
from analysis.measures.facts import Cell, Fact
from analysis.measures.hybrids.recovery import SMALLEST
from train.decoding import AnswerSpan, Choice, First, confidence
from train.sample import Sample, Samples, read_samples
from train.stages.stage import Shelf
from train.steering import SparseAutoencoder
from train.steering.sparse import read_features

SOLVED, ANSWERED, DERIVED = "right processes", "right answers", "share of derivations"
RECOVERY, CONTAINED, OUTSIDE = "recovery", "contained in the base's support", "solved outside the base's support"

DEAD, EXPLAINED = "dead features", "explained variance"


def overlap(peer: str) -> str:
    """The metric of the overlap with another way."""
    return f"overlap with {peer}"


def jaccard(one: Bools, other: Bools) -> float:
    """The problems in both sets, as a share of those in either; NaN of two empty sets."""
    return float((one & other).sum() / either) if (either := (one | other).sum()) else math.nan


@dataclass(frozen=True)
class Elicited:
    """Shares of problems with right processes, right answers, and derivations (completions that state a step), by the sample that the cell
    calls `drawn`: by its one completion of each problem, or by one of several, which the choice of the cell's label picks.

    `recovery` is the gain over the sample called `start`, as a share of what `ceiling` gains over `floor`: (a - start) / (ceiling - floor).
    A problem counts as solved if its process is right; it is in the base's support at a `budget` of k samples if the exact probability of
    its solution, by the `Likelihood` called `support`, is at least 1 / k. Of the solved problems the share inside is `contained`; of all
    problems those solved outside are a share, too. `peers` are samples of other ways: the overlap is the Jaccard index of solved sets.
    Shares of nothing are left out, and recovery of a gap smaller than ten points.
    """

    choices: Mapping[str, Choice] = field(default_factory=dict)  # by the value of the label; any other is of the first completion
    label: str = "arm"
    peers: tuple[str, ...] = ()
    budget: int = 1_024
    span: AnswerSpan = AnswerSpan("disparity")

    needs = ("drawn", "start", "floor", "ceiling", "support")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        choice = self.choices.get(dict(cell.labels)[self.label], First())
        stage = cell.stage("drawn", Sample)
        found, group = read_samples(stage, shelf), stage.sampler.group
        traces = [stage.sampler.surface.read(tuple(words.split())) for words in found.words]
        shares = self._shares(found, [trace.answer for trace in traces], group, choice)  # [P, G]

        def over(values: Bools) -> Floats:  # [B] -> [P]
            return np.asarray((shares * values.reshape(-1, group)).sum(1), np.float64)

        derived = np.array([bool(trace.assertions) for trace in traces])
        process, n = over(found.process), len(shares)
        for metric, values in ((SOLVED, process), (ANSWERED, over(found.correct)), (DERIVED, over(derived))):
            yield cell.fact("after", metric, None, float(values.mean()), n)
        start, floor, ceiling = (float(_process(cell, name, shelf).mean()) for name in ("start", "floor", "ceiling"))
        yield cell.fact("before", SOLVED, None, start, n)
        if ceiling - floor >= SMALLEST:
            yield cell.fact("after", RECOVERY, None, (float(process.mean()) - start) / (ceiling - floor), n)
        solved, inside = process >= 0.5, self._support(cell, shelf)
        yield cell.fact("after", OUTSIDE, None, float((solved & ~inside).mean()), n)
        yield cell.fact("before", "support", None, float(inside.mean()), n)
        if solved.any():
            yield cell.fact("after", CONTAINED, None, float(inside[solved].mean()), int(solved.sum()))
        for peer in (name for name in self.peers if name in cell.by_name):
            if not math.isnan(value := jaccard(solved, _process(cell, peer, shelf) >= 0.5)):
                yield cell.fact("after", overlap(peer), None, value, n)

    def _shares(self, found: Samples, answers: list[object], group: int, choice: Choice) -> Floats:
        if group == 1:
            return np.ones((len(answers), 1))
        each = confidence(found, self.span).reshape(-1, group)
        return choice(each, [answers[b : b + group] for b in range(0, len(answers), group)])  # type: ignore[misc]  # they are values

    def _support(self, cell: Cell, shelf: Shelf) -> Bools:  # [P]
        return np.asarray(read_likelihood(cell.stage("support", Likelihood), shelf).solutions >= -math.log(self.budget))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        metrics = (SOLVED, ANSWERED, DERIVED, RECOVERY, OUTSIDE, CONTAINED, *map(overlap, self.peers))
        yield from (cell.fact("after", metric, None, 0.0) for metric in metrics)
        yield from (cell.fact("before", metric, None, 0.0) for metric in (SOLVED, "support"))


@dataclass(frozen=True)
class Sparse:
    """The autoencoder that the cell calls `features`: the share of its features that are dead, and that of the variance it explains."""

    needs = ("features",)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        found = read_features(cell.stage("features", SparseAutoencoder), shelf)
        yield cell.fact("after", DEAD, None, float(found.dead.float().mean()), len(found.dead))
        yield cell.fact("after", EXPLAINED, None, found.explained)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return (cell.fact("after", metric, None, 0.0) for metric in (DEAD, EXPLAINED))


def _process(cell: Cell, name: str, shelf: Shelf) -> Bools:  # [P]
    """Right processes of a sample of one completion of each problem."""
    return read_samples(cell.stage(name, Sample), shelf).process
