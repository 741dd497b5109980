"""The protocol of rewards: a reward maps rollouts to [B, T], a number on the token that earned it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Protocol

from train.rl.contracts import fitting
from train.rl.rollouts import Rollouts
from train.run import Run

if TYPE_CHECKING:
    from torch import Tensor


class Reward(Protocol):
    """A function of rollouts: finite numbers, zero on tokens that the policy did not choose.

    A reward that needs randomness names its generator by `r.path`. One that needs a model may use the learning one (`run.bare`) and the
    reference (`run.reference`); see `train.rl.batches.completion_logp`. It is called without gradients. `run.iteration` counts as the
    problems do. A reward that reads `Algorithm.reference`, which may move, says so by `refers: ClassVar[bool] = True`.
    """

    def __call__(self, r: Rollouts, run: Run) -> Tensor: ...  # [B, T]


def by_token(reward: Reward, r: Rollouts, run: Run) -> Tensor:  # [B, T]
    """The reward, of which another is made.

    Raises:
        ValueError: if it is no reward (see `fitting`).
    """
    return fitting("reward", reward, reward(r, run), r.mask, r.mask, r.path)


def by_row(reward: Reward, r: Rollouts, run: Run) -> Tensor:  # [B]
    """The reward of each completion: the sum over its tokens.

    Raises:
        ValueError: as `by_token`.
    """
    return by_token(reward, r, run).sum(1)


def refers(part: object) -> bool:
    """True if a reward, or one that it is made of, reads the algorithm's reference."""
    if isinstance(part, tuple):
        return any(refers(each) for each in part)
    inside = [getattr(part, f.name) for f in fields(part)] if is_dataclass(part) else []
    return bool(getattr(part, "refers", False)) or any(refers(each) for each in inside)
