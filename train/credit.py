"""Who gets it. A credit rule maps [B, T] to [B, T]; an algorithm chains them, from reward to advantage."""

from dataclasses import dataclass
from functools import reduce
from typing import Protocol

from torch import Tensor

from train.rollouts import Rollouts


class Credit(Protocol):
    """A step from reward to advantage."""

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor: ...  # [B, T] -> [B, T]


def chain(rules: tuple[Credit, ...], x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
    """Apply the rules in order; nothing is left off the sampled tokens."""
    return reduce(lambda y, rule: rule(y, r), rules, x) * r.mask


def _to_rows(x: Tensor, r: Rollouts) -> Tensor:  # [P, G] or [P, 1] -> [B, 1]
    return x.expand(-1, r.group).reshape(-1, 1)


@dataclass(frozen=True)
class Spread:
    """Every token of a row receives the row's total."""

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        return (x * r.mask).sum(1, keepdim=True) * r.mask


@dataclass(frozen=True)
class Centre:
    """Subtract the mean over the group."""

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        return x - _to_rows(r.row_mean(x).mean(1, keepdim=True), r)


@dataclass(frozen=True)
class LeaveOneOut:
    """Subtract the mean over the *other* rows of the group, which makes the baseline independent of the row.

    Raises:
        ValueError: if there are no others.
    """

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        if r.group < 2:
            raise ValueError(f"to leave one out takes at least two completions of a problem; found a group of {r.group}")
        rows = r.row_mean(x)  # [P, G]
        others = (rows.sum(1, keepdim=True) - rows) / (r.group - 1)
        return x - _to_rows(others, r)


@dataclass(frozen=True)
class Scale:
    """Divide by the standard deviation over the group (the population's), plus `eps`."""

    eps: float = 1e-4

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        return x / (_to_rows(r.row_mean(x).std(1, correction=0, keepdim=True), r) + self.eps)
