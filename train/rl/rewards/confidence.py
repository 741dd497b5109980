"""Rewards that the policy gives itself: its confidence in the answer, its certainty of all words; and a placebo of any reward."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from train.rl.confidence import AnswerSpan
from train.rl.rollouts import Rollouts
from train.run import Run

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Confidence:
    """The confidence in the answer of the policy that gave it (arXiv:2507.21931, as a reward of its own). Words that an environment wrote
    are not counted. `Inverse(Confidence())` rewards doubt.

    Raises:
        ValueError: when called, if the sampler does not record `roles`, or for the disparity `second`.
    """

    span: AnswerSpan = AnswerSpan()

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        second = r.second if self.span.by == "disparity" else None
        return r.at_end(self.span(r.logp, r.roles.where(r.mask, -1), second))


@dataclass(frozen=True)
class Certainty:
    """The mean entropy of the words that the policy chose, in nats, with the sign reversed: entropy minimisation (arXiv:2505.15134).

    Raises:
        ValueError: when called, if the sampler does not record `entropy`.
    """

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return r.at_end(-r.row_mean(r.entropy).view(-1))
