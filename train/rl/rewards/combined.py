"""Rewards that are made of others."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

from synthtasks.checked import Checked, From, check
from train.rl.rewards.reward import Reward, by_row, by_token
from train.rl.rewards.truth import Correct, Dense
from train.rl.rollouts import Rollouts
from train.run import Run

if TYPE_CHECKING:
    from torch import Tensor

ROUNDING = 1e-4  # by which a sum of shares may miss 1


@dataclass(frozen=True)
class Blend(Checked):
    """`alpha` times the reward for the outcome, and 1 - `alpha` times that for the process (arXiv:2512.07783 section 6)."""

    alpha: Annotated[float, From(0, 1)] = 0.5
    outcome: Reward = Correct()
    process: Reward = Dense()

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return self.alpha * by_token(self.outcome, r, run) + (1 - self.alpha) * by_token(self.process, r, run)


@dataclass(frozen=True)
class Gated:
    """A reward for completions that earn `gate` in full, 1; 0 for others.

    With its defaults it is the strict reward of arXiv:2512.07783 section 6: the answer counts where every step of the proof is right.
    `Process` is stricter, and refuses words and steps that say nothing, too.
    """

    reward: Reward = Correct()
    gate: Reward = Dense()

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        passed = by_row(self.gate, r, run) >= 1 - ROUNDING  # [B]
        return by_token(self.reward, r, run) * passed[:, None]


@dataclass(frozen=True)
class Phases:
    """Rewards one after the other, each with the iteration in which it begins.

    `((0, Dense()), (20, Process()))` is dense for 20 iterations, then binary (arXiv:2509.21016).

    Iterations are counted on from earlier RL on the same problems, as the problems are, so that learning in two parts gives the same
    rewards as learning at once.

    Raises:
        ValueError: if there is none, or their iterations do not ascend from 0.
    """

    rewards: tuple[tuple[Annotated[int, From(0)], Reward], ...]

    def __post_init__(self) -> None:
        check(self)
        first = [iteration for iteration, _ in self.rewards]
        if first[:1] != [0] or not all(a < b for a, b in pairwise(first)):
            raise ValueError(f"the rewards of phases begin in iterations that ascend from 0; found {first}")

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return by_token([reward for first, reward in self.rewards if first <= run.iteration][-1], r, run)
