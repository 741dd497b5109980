"""Calibration of a policy: does its confidence in a completion tell whether the answer is right?"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.measures.behaviour.perplexity import lengths
from analysis.measures.effects.likelihood import Likelihood, read_likelihood
from analysis.measures.estimates import Bools, Floats, entropy
from analysis.measures.facts import Cell, Fact
from train.sample import read_samples
from train.stages.stage import Shelf

BINS = 10
KINDS = ("likelihood", "agreement")


def auroc(confidence: Floats, right: Bools) -> float | None:  # [B], [B]
    """The chance that a right completion has more confidence than a wrong one, ties counting half; None if all are right, or all wrong. A
    monotone map of the confidence leaves it unchanged."""
    n, hits = len(right), int(right.sum())
    if not 0 < hits < n:
        return None
    _, place, count = np.unique(confidence, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]  # from 1; equal ones share the mean of their ranks
    return float((ranks[right].sum() - hits * (hits + 1) / 2) / (hits * (n - hits)))


def calibration_error(confidence: Floats, right: Bools, bins: int = BINS) -> float:  # [B] in [0, 1], [B]
    """Expected calibration error (arXiv:1706.04599): the mean distance between confidence and share of right ones, over bins of equal
    width, each weighed by its completions.

    Raises:
        ValueError: if a confidence lies outside of [0, 1].
    """
    if not ((confidence >= 0) & (confidence <= 1)).all():
        raise ValueError(f"a confidence lies in [0, 1]; found {confidence.min()} to {confidence.max()}")
    place = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    misses = np.bincount(place, weights=confidence - right, minlength=bins)
    return float(np.abs(misses).sum() / len(right))


def agreement(answers: Sequence[object]) -> float:
    """1 less the entropy of the answers to one problem, as a share of the entropy if all differed: 1 if all are equal, 0 if none are."""
    if len(answers) < 2:
        return 1.0
    return 1 - entropy(np.array(list(Counter(answers).values())) / len(answers)) / float(np.log(len(answers)))


@dataclass(frozen=True)
class Calibration:
    """AUROC and expected calibration error of two confidences, on the completions of a `Likelihood` of a policy on its own sample:
    `likelihood`, the geometric mean of the probabilities of a completion's words; and `agreement` of the answers to its problem. AUROC is
    left out, where all answers are right, or all wrong."""

    stage: str = "after_of_after"
    phase: str = "after"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.stage,)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        stage = cell.stage(self.stage, Likelihood)
        found, sampler = read_samples(stage.sample, shelf), stage.sample.sampler
        mean = read_likelihood(stage, shelf).logp / lengths(found)
        answers = [str(sampler.surface.read(tuple(words.split())).answer) for words in found.words]
        each = [agreement(answers[i : i + sampler.group]) for i in range(0, len(answers), sampler.group)]
        agreed = np.clip(each, 0.0, 1.0).repeat(sampler.group)
        for kind, confidence in zip(KINDS, (np.exp(np.minimum(mean, 0.0)), agreed), strict=True):
            if (area := auroc(confidence, found.correct)) is not None:
                yield cell.fact(self.phase, f"AUROC of {kind}", None, area, len(answers))
            yield cell.fact(self.phase, f"calibration error of {kind}", None, calibration_error(confidence, found.correct), len(answers))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return (cell.fact(self.phase, f"{what} of {kind}", None, 0.0) for what in ("AUROC", "calibration error") for kind in KINDS)
