"""Preference pairs of a sample's completions: two of one problem, of which one has the higher score.

Shapes: P problems, B completions, N pairs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Protocol

import numpy as np
from numpy.typing import NDArray

from synthtasks.checked import Checked, From
from synthtasks.rng import rng
from synthtasks.surfaces import Surface
from train.rl.confidence import AnswerSpan
from train.sample import Accepts, Samples, confidence

if TYPE_CHECKING:
    from synthtasks.domains import Value

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class Scores(Protocol):
    """A score of each completion, from 0 to 1, where it is to be compared with `Ranked.least`."""

    def __call__(self, samples: Samples, surface: Surface) -> Floats: ...  # [B]


@dataclass(frozen=True)
class Confident:
    """The policy's confidence in the answer (arXiv:2507.21931)."""

    span: AnswerSpan = AnswerSpan()

    def __call__(self, samples: Samples, surface: Surface) -> Floats:
        return confidence(samples, self.span)


@dataclass(frozen=True)
class Right(Checked):
    """1 for a completion that the judge accepts: pairs by the truth."""

    accepts: Accepts = "answer"

    def __call__(self, samples: Samples, surface: Surface) -> Floats:
        return np.asarray(samples.accepted(self.accepts), np.float64)


@dataclass(frozen=True)
class Common:
    """1 for the answer that most completions of a problem give; of equally frequent ones, for that which comes first."""

    def __call__(self, samples: Samples, surface: Surface) -> Floats:
        answers = [surface.read(tuple(words.split())).answer for words in samples.words]
        votes: dict[int, Counter[Value]] = {}
        for problem, answer in zip(samples.problem.tolist(), answers, strict=True):
            if answer is not None:
                votes.setdefault(problem, Counter())[answer] += 1
        winners = {problem: vote.most_common(1)[0][0] for problem, vote in votes.items()}
        pairs = zip(samples.problem.tolist(), answers, strict=True)
        return np.array([answer is not None and answer == winners[problem] for problem, answer in pairs], np.float64)


@dataclass(frozen=True)
class Shuffled(Checked):
    """Another score, dealt anew among the completions of each problem: the placebo of a ranking, with as many pairs, and equal gaps."""

    of: Scores = Confident()
    seed: Annotated[int, From(0)] = 0

    def __call__(self, samples: Samples, surface: Surface) -> Floats:
        scores, g = self.of(samples, surface).copy(), rng("shuffled", self.seed)
        for problem in np.unique(samples.problem):
            mine = samples.problem == problem
            scores[mine] = g.permutation(scores[mine])
        return scores


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of completions of one problem."""

    better: Rows  # [N]
    worse: Rows  # [N]
    gaps: Floats  # [N] how much better


class Pairing(Protocol):
    """Makes the pairs of a sample."""

    def __call__(self, samples: Samples, surface: Surface) -> Pairs: ...


@dataclass(frozen=True)
class Ranked(Checked):
    """All pairs of a problem's completions of which the better has a score of at least `least`, and a higher one than the other
    (arXiv:2507.21931)."""

    by: Scores = Confident()
    least: Annotated[float, From(0, 1)] = 0.9

    def __call__(self, samples: Samples, surface: Surface) -> Pairs:
        scores = self.by(samples, surface)
        found = [np.zeros((2, 0), np.int64)]
        for problem in np.unique(samples.problem):
            rows = np.flatnonzero(samples.problem == problem)
            mine = scores[rows]
            better, worse = np.nonzero((mine[:, None] > mine) & (mine[:, None] >= self.least))
            found.append(rows[np.stack((better, worse))])
        better, worse = np.concatenate(found, 1)
        return Pairs(better, worse, scores[better] - scores[worse])


@dataclass(frozen=True)
class Reversed:
    """Other pairs, with better and worse exchanged."""

    of: Pairing = Ranked()

    def __call__(self, samples: Samples, surface: Surface) -> Pairs:
        pairs = self.of(samples, surface)
        return Pairs(pairs.worse, pairs.better, pairs.gaps)
