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
    """Finite numbers, zero where the policy chose no word.

    A reward that needs chance draws from a generator called by `r.path`. One that needs a model has the one that learns (`run.bare`) and
    the one that it began from (`run.reference`); see `train.rl.batches.completion_logp`. It is called without gradients.
    """

    def __call__(self, r: Rollouts, run: Run) -> Tensor: ...  # [B, T]


@dataclass(frozen=True)
class Correct:
    """1 for a right answer, whatever came before it (outcome reward)."""

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return r.at_end(r.mask.new_tensor([v.correct for v in r.verdicts]))


@dataclass(frozen=True)
class Process:
    """1 for a right answer by a right, whole and exact derivation."""

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return r.at_end(r.mask.new_tensor([v.process for v in r.verdicts]))


@dataclass(frozen=True)
class Coin(Checked):
    """1 with probability `p`, whatever the completion: a placebo (arXiv:2506.10947)."""

    p: Annotated[float, From(0, 1)] = 0.5

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return r.at_end(r.mask.new_tensor(rng("coin", *r.path).random(len(r.tokens)) < self.p))
