"""Credit assignment. A credit rule maps [B, T] to [B, T]; an algorithm chains rules, from reward to advantage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from train.rl.contracts import fitting
from train.rl.rollouts import Record, Rollouts

if TYPE_CHECKING:
    from torch import Tensor


class Credit(Protocol):
    """A step from reward to advantage.

    By default a rule compares the completions of a problem with each other, and needs at least two. A rule that treats each completion
    alone declares `least_group: ClassVar[int] = 1`. A rule that reads records of the sampler names them in `records`.
    """

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor: ...  # [B, T] -> [B, T]


@runtime_checkable
class OfParts(Credit, Protocol):
    """A rule that adds rewards of its own for parts of completions, and tells the problems in which they differ."""

    def signal(self, r: Rollouts) -> Tensor: ...  # bool [P]


def compares(rules: tuple[Credit, ...]) -> bool:
    """True if one of the rules compares the completions of a problem with each other."""
    return any(getattr(rule, "least_group", 2) > 1 for rule in rules)


def read_by(rules: tuple[Credit, ...]) -> tuple[Record, ...]:
    """The records of the sampler that the rules read."""
    return tuple(dict.fromkeys(record for rule in rules for record in getattr(rule, "records", ())))


def chain(rules: tuple[Credit, ...], x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
    """Apply the rules in order, then set tokens that the policy did not choose to 0.

    Raises:
        ValueError: if a rule does not give finite numbers [B, T].
    """
    for rule in rules:
        x = fitting("credit rule", rule, rule(x, r), r.mask, path=r.path)
    return x * r.mask
