"""Rewards: a reward maps rollouts to [B, T], a number on the token that earned it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Protocol

from synthtasks.checked import Checked, From
from synthtasks.rng import rng
from train.rl.rollouts import Rollouts
from train.run import Run

if TYPE_CHECKING:
    from torch import Tensor


class Reward(Protocol):
    """A function of rollouts: finite numbers, zero on tokens that the policy did not choose.

    A reward that needs randomness names its generator by `r.path`. One that needs a model may use the learning one (`run.bare`) and the
    reference (`run.reference`); see `train.rl.batches.completion_logp`. It is called without gradients.
    """

    def __call__(self, r: Rollouts, run: Run) -> Tensor: ...  # [B, T]


@dataclass(frozen=True)
class Correct:
    """1 for a right answer, whatever its derivation (outcome reward)."""

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return r.at_end(r.correct)


@dataclass(frozen=True)
class Process:
    """1 for a right answer by a right, complete and exact derivation (process reward)."""

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return r.at_end(r.process)


@dataclass(frozen=True)
class Coin(Checked):
    """1 with probability `p`, whatever the completion: a placebo (arXiv:2506.10947)."""

    p: Annotated[float, From(0, 1)] = 0.5

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return r.at_end(r.mask.new_tensor(rng("coin", *r.path).random(len(r.tokens)) < self.p))
