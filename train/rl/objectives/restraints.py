"""Restraints: divergences from another policy, added to the surrogate. Shapes: B rows, T tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Protocol

from synthtasks.checked import Above, Checked
from train.rl.credit.covariance import covariance, few
from train.rl.rollouts import Rollouts

if TYPE_CHECKING:
    from torch import Tensor


ROUNDING = 1e-4  # nats: two passes over a completion differ by less in single precision


class Restraint(Protocol):
    """The weight of the `distance` from the sampling policy in the loss of each token of the batch. It acts from the second update of an
    iteration on."""

    def __call__(self, advantage: Tensor, r: Rollouts) -> Tensor: ...  # [B, T] -> [B, T]


@dataclass(frozen=True)
class HoldCov(Checked):
    """The share of the batch's tokens with the largest covariance is held, with this weight (KL-Cov, arXiv:2505.22617)."""

    share: Annotated[float, Above(0, 1)] = 2e-4
    weight: Annotated[float, Above(0)] = 1.0

    def __call__(self, advantage: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        cov = covariance(advantage, r).masked_fill(~r.mask, -float("inf")).view(-1)
        return advantage.new_zeros(cov.shape).index_fill(0, cov.topk(few(self.share, r)).indices, self.weight).view(advantage.shape)


def distance(logp: Tensor, old: Tensor) -> Tensor:  # [B, T], [B, T] -> [B, T]
    """|log pi - log pi_old|, and 0 within rounding: there the policies are one, and its slope would be a sign at random, at full weight."""
    x = (logp - old).abs()
    return x * (x > ROUNDING)


def kl(logp: Tensor, reference: Tensor) -> Tensor:  # [B, T], [B, T] -> [B, T]
    """An unbiased estimate of KL(policy || reference) from the policy's own samples, never negative (k3)."""
    return (reference - logp).expm1() - (reference - logp)
