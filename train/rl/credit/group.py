"""Credit rules that compare the completions of a problem. Each completion has one number, on all of its tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from synthtasks.checked import Above, Checked
from train.rl.rollouts import Rollouts

if TYPE_CHECKING:
    from torch import Tensor


def to_rows(x: Tensor, r: Rollouts) -> Tensor:  # [P, G] or [P, 1] -> [B, 1]
    """One value for each completion."""
    return x.expand(-1, r.group).reshape(-1, 1)


@dataclass(frozen=True)
class Spread:
    """Every token that the policy chose receives its row's total."""

    least_group: ClassVar[int] = 1

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        return (x * r.mask).sum(1, keepdim=True) * r.mask


@dataclass(frozen=True)
class Centre:
    """Subtract the mean over the group."""

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        return x - to_rows(r.row_mean(x).mean(1, keepdim=True), r)


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
        return x - to_rows(others, r)


@dataclass(frozen=True)
class Scale(Checked):
    """Divide by the standard deviation over the group (the population's), plus `eps`."""

    eps: Annotated[float, Above(0)] = 1e-4

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        return x / (to_rows(r.row_mean(x).std(1, correction=0, keepdim=True), r) + self.eps)


@dataclass(frozen=True)
class Against:
    """The reward of each completion less the mean of the others', on all tokens that the policy chose: G / (G - 1) times its distance from
    the group's mean (arXiv:2510.01265).

    It is a mean of differences, in double precision. Where rewards lie on a grid these are exact, and whatever is added to all rewards of
    a group changes no bit.
    """

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        rows = (x * r.mask).double().sum(1).view(-1, r.group)  # [P, G]
        mean = (rows[:, :, None] - rows[:, None]).sum(2) / (r.group - 1)  # [P, G]
        return mean.view(-1, 1).to(x) * r.mask
