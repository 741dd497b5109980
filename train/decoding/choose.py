"""Choices among the completions of a problem, by the confidence in each.

Shapes: P problems, G completions of each, B = P * G.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from synthtasks.domains import Value
from train.rl.confidence import AnswerSpan
from train.sample import Samples

Floats = NDArray[np.float64]
Answers = Sequence[Value | None]


def confidence(samples: Samples, span: AnswerSpan) -> Floats:  # [B]
    """The confidence in each completion.

    Raises:
        ValueError: if the sampler took none of the records that it is computed from (`AnswerSpan.records`).
    """
    import torch

    records = {name: torch.from_numpy(samples.record(name)) for name in span.records}
    return np.asarray(span(**records).numpy(), np.float64)


class Choice(Protocol):
    """The share of each completion in what is answered to its problem: each row sums to 1."""

    def __call__(self, confidence: Floats, answers: Sequence[Answers]) -> Floats: ...  # [P, G], P of G answers -> [P, G]


@dataclass(frozen=True)
class First:
    """The first completion: among branches, greedy decoding."""

    def __call__(self, confidence: Floats, answers: Sequence[Answers]) -> Floats:
        return _alone(np.zeros(len(confidence), np.int64), confidence)


@dataclass(frozen=True)
class Every:
    """Any completion, by a fair die: the placebo of a choice. Each has the same share, so that the mean is exact."""

    def __call__(self, confidence: Floats, answers: Sequence[Answers]) -> Floats:
        return np.full(confidence.shape, 1 / confidence.shape[1])


@dataclass(frozen=True)
class Best:
    """The completion with the most confidence; of equal ones the first."""

    def __call__(self, confidence: Floats, answers: Sequence[Answers]) -> Floats:
        return _alone(confidence.argmax(1), confidence)


@dataclass(frozen=True)
class Summed:
    """The most confident completion of the answer whose completions have the largest sum of confidence, as the paper aggregates branches
    (arXiv:2402.10200). Completions without an answer have no vote; where none has one, the choice is that of `Best`."""

    def __call__(self, confidence: Floats, answers: Sequence[Answers]) -> Floats:
        return _alone(np.array([_elected(*each) for each in zip(confidence, answers, strict=True)]), confidence)


def _elected(confidence: Floats, answers: Answers) -> int:  # [G], G answers
    """The place of the completion that `Summed` chooses."""
    sums: dict[Value, float] = {}
    for answer, value in zip(answers, confidence.tolist(), strict=True):
        if answer is not None:
            sums[answer] = sums.get(answer, 0.0) + value
    winner = max(sums, key=sums.__getitem__, default=None)
    mine = np.array([answer is not None and answer == winner for answer in answers])
    return int(np.where(mine, confidence, -np.inf).argmax()) if mine.any() else int(confidence.argmax())


def _alone(places: NDArray[np.int64], like: Floats) -> Floats:  # [P], [P, G] -> [P, G]
    """1 at these places, 0 elsewhere."""
    return np.asarray(np.arange(like.shape[1]) == places[:, None], np.float64)
