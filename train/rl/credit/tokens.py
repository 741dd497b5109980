"""Credit rules for some tokens of a completion. They follow those that give a completion its advantage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from synthtasks.checked import Checked, From
from train.rl.credit.choices import PLANNING, Choice, Uncertain
from train.rl.credit.group import to_rows
from train.rl.rollouts import Record, Rollouts

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class OfTokens(Checked):
    """A rule for the tokens of a choice."""

    tokens: Choice = PLANNING

    @property
    def records(self) -> tuple[Record, ...]:
        """As `Credit`."""
        return self.tokens.records


@dataclass(frozen=True)
class Lift(OfTokens):
    """A + alpha |A| on the chosen tokens: praise counts more there, and blame less (HICRA, arXiv:2509.03646).

    For a reward of 0 or 1 and the centred advantage, this is in expectation, on-policy and without a clip, A (1 + alpha (1 - 2 p)), where p
    is the rate of success on the problem: a step whose length depends on difficulty alone (see `Ease`).
    """

    alpha: Annotated[float, From(0)] = 0.2
    least_group: ClassVar[int] = 1

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        return (x + self.alpha * x.abs()).where(self.tokens(r), x)


@dataclass(frozen=True)
class Amplify(OfTokens):
    """A (1 + alpha) on the chosen tokens: praise and blame both count more there."""

    alpha: Annotated[float, From(0)] = 0.2
    least_group: ClassVar[int] = 1

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        return (x * (1 + self.alpha)).where(self.tokens(r), x)


@dataclass(frozen=True)
class Ease(OfTokens):
    """A (1 + alpha (1 - 2 p)) on the chosen tokens, where p is the share of the group's completions with a positive advantage; for a reward
    of 0 or 1 it is their rate of success. Harder problems count more: in expectation by 1 + alpha (1 - 2 / G) (1 - 2 p) for groups of G."""

    alpha: Annotated[float, From(0)] = 0.2

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        p = (r.row_mean(x) > 0).to(x).mean(1, keepdim=True)  # [P, 1]
        return (x * (1 + self.alpha * (1 - 2 * to_rows(p, r)))).where(self.tokens(r), x)


@dataclass(frozen=True)
class Only(OfTokens):
    """Tokens that are not chosen have no advantage."""

    tokens: Choice = Uncertain()
    least_group: ClassVar[int] = 1

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        return x * self.tokens(r)
