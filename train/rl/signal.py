"""Groups with a learning signal. They are found by reward, never by advantage, where rounding errors look like differences.

Shapes: P problems, G completions of each, B = P * G rows, T tokens.
"""

from dataclasses import dataclass
from functools import reduce
from operator import or_

import torch
from torch import Tensor

from train.rl.credit import Credit, OfParts, compares
from train.rl.rollouts import Rollouts, joined


@dataclass(frozen=True)
class Judged:
    """Rollouts with their rewards, and a mask of the groups that have signal."""

    rollouts: Rollouts
    reward: Tensor  # [B, T]
    signal: Tensor  # bool [P]


def has_signal(credit: tuple[Credit, ...], reward: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> bool [P]
    """The mask of groups that have signal. Other groups are not learned from.

    The reward of a completion is the sum over its tokens. If a rule of `credit` compares the completions of a problem, a group has signal
    if their rewards differ. If none does (REINFORCE without a baseline; groups of one), the rewards of the whole batch are compared: if all
    are equal, no group has signal; else every group with a nonzero reward has. So a constant reward teaches nothing, whatever the credit.
    Where a rule rewards parts of completions, groups in which it does have signal, too.
    """
    if compares(credit):
        parts = [rule.signal(r) for rule in credit if isinstance(rule, OfParts)]
        return reduce(or_, parts, differ(reward, r.group))
    return (reward != 0).view(len(r.problems), -1).any(1) & differ(reward, len(reward))


def differ(reward: Tensor, size: int) -> Tensor:  # [B, T] -> bool [B / size]
    """The mask of blocks of `size` rows whose sums differ: by more than rounding, if a row has rewards on several tokens."""
    x = reward.double()
    many = (x != 0).sum(1)  # [B]
    rounding = torch.finfo(reward.dtype).eps + many * torch.finfo(x.dtype).eps
    slack = torch.where(many > 1, x.abs().sum(1) * rounding, 0.0).view(-1, size)
    sums = x.sum(1).view(-1, size)
    return sums.amax(1) - sums.amin(1) > slack.amax(1)


def with_signal(draws: list[Judged], problems: int) -> Judged:
    """The first `problems` groups of all draws, those with signal before those without."""
    signal = torch.cat([judged.signal for judged in draws])
    order = signal.int().argsort(descending=True, stable=True)[:problems]
    r = Rollouts.concat([judged.rollouts for judged in draws])
    return Judged(r.take(order), joined([judged.reward for judged in draws])[r.rows(order)], signal[order])
