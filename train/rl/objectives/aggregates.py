"""Aggregates: the weight of each token in the loss. Shapes: B rows, T tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from train.rl.rollouts import Rollouts

if TYPE_CHECKING:
    from torch import Tensor


class Aggregate(Protocol):
    """The weight of each token in the loss of the whole batch, so that the losses of micro-batches add up to it."""

    def __call__(self, r: Rollouts) -> Tensor: ...  # [B, T], zero off the mask


@dataclass(frozen=True)
class TokenMean:
    """Every token counts alike (arXiv:2503.14476 eq. 8)."""

    def __call__(self, r: Rollouts) -> Tensor:  # [B, T]
        return r.mask / r.mask.sum()


@dataclass(frozen=True)
class RowMean:
    """Every row counts alike, so that tokens of long rows count less (arXiv:2402.03300 eq. 3)."""

    def __call__(self, r: Rollouts) -> Tensor:  # [B, T]
        return r.mask / (r.mask.sum(1, keepdim=True) * len(r.mask))


@dataclass(frozen=True)
class Constant:
    """Divide by rows and by the longest completion allowed: length is neither rewarded nor punished (arXiv:2503.20783 §3)."""

    def __call__(self, r: Rollouts) -> Tensor:  # [B, T]
        return r.mask / (len(r.mask) * r.limit)
