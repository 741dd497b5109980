"""Calibration of a policy: does its confidence in a completion tell whether the answer is right?"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.measures.behaviour.perplexity import lengths
from analysis.measures.effects.likelihood import Likelihood, read_likelihood
from analysis.measures.estimates import Bools, Floats, entropy
from analysis.measures.facts import Cell, Fact
from train.sample import read_samples
from train.stages.stage import Shelf

BINS = 10
CERTAIN = 1e-9  # the distance from 0 and 1 that log-odds need
TEMPERATURES = tuple(float(t) for t in np.geomspace(0.05, 20, 121))  # of scaling
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


def equal_mass_error(confidence: Floats, right: Bools, bins: int = BINS) -> float:  # [B], [B]
    """Expected calibration error over bins of equally many completions, in the order of confidence (arXiv:1909.10155). Completions of equal
    confidence share the mean of their verdicts, so that their order makes no difference."""
    _, place = np.unique(confidence, return_inverse=True)
    shared = (np.bincount(place, weights=right) / np.bincount(place))[place]
    order = np.argsort(confidence, kind="stable")
    parts = np.array_split((confidence - shared)[order], min(bins, len(order)))
    return float(sum(abs(part.sum()) for part in parts) / len(order))


def brier(confidence: Floats, right: Bools) -> float:  # [B], [B]
    """The mean squared distance between confidence and verdict."""
    return float(np.square(confidence - right).mean())


def tempered(confidence: Floats, temperature: float) -> Floats:  # [B] in [0, 1] -> [B]
    """The confidence with its log-odds divided by a temperature: a monotone map, which leaves AUROC as it is."""
    inside = np.clip(confidence, CERTAIN, 1 - CERTAIN)
    return np.asarray(1 / (1 + ((1 - inside) / inside) ** (1 / temperature)))


def scaled(confidence: Floats, right: Bools, half: Bools) -> Floats:  # [B] each -> [B]
    """The confidence after temperature scaling (arXiv:1706.04599): each half of the completions by the temperature of the least Brier score
    on the other half."""
    found = np.empty_like(confidence)
    for mine in (half, ~half):
        scores = [brier(tempered(confidence[~mine], t), right[~mine]) for t in TEMPERATURES]
        found[mine] = tempered(confidence[mine], TEMPERATURES[int(np.argmin(scores))])
    return found


def within(confidence: Floats, right: Bools, problem: NDArray[np.int64]) -> float | None:  # [B] each
    """`auroc` over the pairs of completions of one problem alone: it asks nothing of the order of problems. None if there is no pair."""
    areas = [(auroc(confidence[mine], right[mine]), int(right[mine].sum()) * int((~right[mine]).sum())) for mine in _each(problem)]
    pairs = sum(n for _, n in areas)
    return sum(area * n for area, n in areas if area is not None) / pairs if pairs else None


def _each(problem: NDArray[np.int64]) -> Iterator[Bools]:  # [B] -> [B] each
    return (problem == p for p in np.unique(problem))


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
