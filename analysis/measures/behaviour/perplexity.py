"""Perplexity of completions under the base, their own policy, and those of a teacher; and how many verified ones are usual for the base
(arXiv:2504.13837)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analysis.measures.effects.likelihood import Likelihood, read_likelihood
from analysis.measures.estimates import Floats
from analysis.measures.facts import Cell, Fact
from train.sample import Samples, read_samples
from train.stages.stage import Shelf

UNUSUAL = 0.05  # quantile of the base's own verified completions: those below are unusual for it
USUAL = "usual for the base"


def perplexities(logp: Floats, words: Floats) -> Floats:  # [B], [B] -> [B]
    """exp(-log p / T) of each completion of T words."""
    return np.asarray(np.exp(-logp / words))


def usual(logp: Floats, own: Floats, quantile: float = UNUSUAL) -> float:  # [B], [N]
    """The share of completions whose log-probability under the base is at least that quantile of the log-probabilities of its own."""
    return float((logp >= np.quantile(own, quantile)).mean())


def lengths(samples: Samples) -> Floats:  # [B]
    """The words of each completion."""
    return np.array([len(words.split()) for words in samples.words], dtype=np.float64)


@dataclass(frozen=True)
class Perplexity:
    """The median perplexity of completions: `base of base`, `base of own`, `own of own` (own: of the policy after learning); and of a
    teacher's, `base of teacher`, where the cell names one (`before_of_teacher`). Likelihoods have the names that `distances` gives them.

    `usual for the base`: the share of the verified completions after learning whose log-probability under the base is at least the 5th
    percentile of the base's own verified ones; left out, where either has none. A policy that only samples better has .95 or more.
    """

    needs: tuple[str, ...] = ("before_of_before", "before_of_after", "after_of_after")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        every = dict(zip(KINDS, (*self.needs, TEACHER), strict=True))
        stages = {kind: cell.stage(name, Likelihood) for kind, name in every.items() if name in cell.by_name}
        for kind, stage in stages.items():
            each = perplexities(read_likelihood(stage, shelf).logp, lengths(read_samples(stage.sample, shelf)))
            yield cell.fact("after", f"perplexity, {kind}", None, float(np.median(each)), len(each))
        own, theirs = (read_likelihood(stage, shelf).logp[read_samples(stage.sample, shelf).process] for stage in list(stages.values())[:2])
        if len(own) and len(theirs):
            yield cell.fact("after", USUAL, None, usual(theirs, own), len(theirs))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        kinds = KINDS if TEACHER in cell.by_name else KINDS[:3]
        yield from (cell.fact("after", f"perplexity, {kind}", None, 1.0) for kind in kinds)
        yield cell.fact("after", USUAL, None, 0.0)


KINDS = ("base of base", "base of own", "own of own", "base of teacher")
TEACHER = "before_of_teacher"
