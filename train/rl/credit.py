"""Credit assignment. A credit rule maps [B, T] to [B, T]; an algorithm chains rules, from reward to advantage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar, Protocol

from synthtasks.checked import Above, Checked
from train.rl.contracts import fitting
from train.rl.rollouts import Rollouts

if TYPE_CHECKING:
    from torch import Tensor


class Credit(Protocol):
    """A step from reward to advantage.

    By default a rule compares the completions of a problem with each other, and needs at least two. A rule that treats each completion
    alone declares `least_group: ClassVar[int] = 1`.
    """

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor: ...  # [B, T] -> [B, T]


def compares(rules: tuple[Credit, ...]) -> bool:
    """True if one of the rules compares the completions of a problem with each other."""
    return any(getattr(rule, "least_group", 2) > 1 for rule in rules)


def chain(rules: tuple[Credit, ...], x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
    """Apply the rules in order, then set tokens that the policy did not choose to 0.

    Raises:
        ValueError: if a rule does not give finite numbers [B, T].
    """
    for rule in rules:
        x = fitting("credit rule", rule, rule(x, r), r.mask, path=r.path)
    return x * r.mask


def _to_rows(x: Tensor, r: Rollouts) -> Tensor:  # [P, G] or [P, 1] -> [B, 1]
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
class Scale(Checked):
    """Divide by the standard deviation over the group (the population's), plus `eps`."""

    eps: Annotated[float, Above(0)] = 1e-4

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        return x / (_to_rows(r.row_mean(x).std(1, correction=0, keepdim=True), r) + self.eps)
