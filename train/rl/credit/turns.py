"""Credit for single turns of a search, beside that for the episode: A = A_episode + weight * A_turn (RLVMR, arXiv:2507.22844).

Shapes: P problems, G completions of each, B = P * G rows, T tokens, N turns of all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from synthtasks.checked import Checked, From
from synthtasks.rng import rng
from synthtasks.search import Turn, searched
from train.rl.rewards.turns import Meta, TurnReward
from train.rl.rollouts import Rollouts

if TYPE_CHECKING:
    from torch import Tensor

Numbers = NDArray[np.float64]
Mode = Literal["mean_norm", "mean_std_norm"]
EPS = 1e-6  # added to a standard deviation


@dataclass(frozen=True)
class Turns:
    """The turns of all completions, their rewards, and the groups in which they are compared."""

    row: NDArray[np.int64]  # [N]
    turns: tuple[Turn, ...]  # [N]
    group: NDArray[np.int64]  # [N] numbered from 0
    reward: Numbers  # [N]

    @property
    def advantage(self) -> Numbers:  # [N]
        """The reward less its mean over the group; it sums to 0 in each group."""
        return self.reward - self.mean(self.reward)

    def mean(self, x: Numbers) -> Numbers:  # [N] -> [N]
        """The mean over the group of each turn."""
        sums, counts = np.bincount(self.group, x), np.bincount(self.group)
        return np.asarray((sums / counts)[self.group], np.float64)


@dataclass(frozen=True)
class ByTurn(Checked):
    """Adds `weight` times the advantage of each turn to that of the tokens which the policy chose in it. The advantage of a turn is its
    reward less the mean over the turns of all completions of the problem, with the same tag or with any; in `mean_std_norm` it is divided
    by their standard deviation. So which tag is chosen earns nothing: only what is done under it.

    The original takes `weight` 1 and `mean_std_norm`, and divides by the sample's deviation; here it is the population's, as in `Scale`.
    """

    reward: TurnReward = Meta()
    weight: Annotated[float, From(0)] = 1.0
    mode: Mode = "mean_std_norm"
    among: Literal["tag", "problem"] = "tag"
    earns: Literal["its own", "from it on"] = "its own"  # reward that a turn is credited with

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        found = self.turns(r)
        advantage = found.advantage
        if self.mode == "mean_std_norm":
            advantage = advantage / (np.sqrt(found.mean(advantage**2)) + EPS)
        more = np.zeros(tuple(r.tokens.shape))
        for row, turn, value in zip(found.row.tolist(), found.turns, advantage.tolist(), strict=True):
            more[row, turn.begins : turn.at + 1] = value
        return x + self.weight * x.new_tensor(more) * r.mask

    def signal(self, r: Rollouts) -> Tensor:  # bool [P]
        """The problems with turns whose rewards differ from those with which they are compared."""
        found, signal = self.turns(r), np.zeros(len(r.problems), np.bool_)
        signal[found.row[np.abs(found.advantage) > EPS] // r.group] = self.weight > 0
        return r.mask.new_tensor(signal)

    def turns(self, r: Rollouts) -> Turns:
        """The turns of rollouts, with their rewards."""
        rows, turns, rewards = list[int](), list[Turn](), list[float]()
        for b, trace in enumerate(r.traces):
            search = searched(r.problems[b // r.group])
            mine = search.replay(trace)
            rows += [b] * len(mine)
            turns += mine
            earned = self.reward(search, mine)
            rewards += earned if self.earns == "its own" else np.cumsum(earned[::-1])[::-1].tolist()
        keys = [(b // r.group, turn.tag if self.among == "tag" else "") for b, turn in zip(rows, turns, strict=True)]
        numbers = {key: n for n, key in enumerate(dict.fromkeys(keys))}
        group = np.array([numbers[key] for key in keys], np.int64)
        return Turns(np.array(rows, np.int64), tuple(turns), group, np.array(rewards))


@dataclass(frozen=True)
class ShuffledTurns(ByTurn):
    """The rewards of `ByTurn`, permuted among the turns with which each is compared: a placebo with equal rewards and equal sums."""

    def turns(self, r: Rollouts) -> Turns:
        found, g = super().turns(r), rng("turns", *r.path)
        reward = found.reward.copy()
        for group in range(found.group.max(initial=-1) + 1):
            (places,) = (found.group == group).nonzero()
            reward[places] = reward[g.permutation(places)]
        return replace(found, reward=reward)
