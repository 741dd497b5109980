"""The loss of an advantage: a surrogate for each token, and the weight of each token in the sum.

Pure functions of tensors. Shapes: B rows, T tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Protocol

from synthtasks.checked import Checked, From
from train.rl.rollouts import Rollouts

if TYPE_CHECKING:
    from torch import Tensor


class Surrogate(Protocol):
    """The loss of each token; `old` holds the log-probabilities under the sampling policy. Rows are whole completions, treated separately.

    Off the mask `logp` has no meaning and the result has weight 0, but it must be finite.
    """

    def __call__(self, logp: Tensor, old: Tensor, advantage: Tensor, mask: Tensor) -> Tensor: ...  # all [B, T]


@dataclass(frozen=True)
class PolicyGradient:
    """-A log pi: REINFORCE, unbiased on-policy."""

    def __call__(self, logp: Tensor, old: Tensor, advantage: Tensor, mask: Tensor) -> Tensor:  # all [B, T]
        return -logp * advantage


@dataclass(frozen=True)
class Clip(Checked):
    """The clipped ratio (arXiv:1707.06347 eq. 7); `high > low` is clip-higher (arXiv:2503.14476 eq. 10)."""

    low: Annotated[float, From(0, 1)] = 0.2
    high: Annotated[float, From(0)] = 0.2

    def __call__(self, logp: Tensor, old: Tensor, advantage: Tensor, mask: Tensor) -> Tensor:  # all [B, T]
        return clipped((logp - old).exp(), advantage, self.low, self.high)


@dataclass(frozen=True)
class SequenceClip(Checked):
    """The clipped ratio of whole completions, with a gradient for each token (GSPO-token, arXiv:2507.18071).

    The ratio of a row is exp of the mean of logp - old over the mask. With one advantage a row and `RowMean` this is GSPO.
    """

    low: Annotated[float, From(0, 1)] = 3e-4
    high: Annotated[float, From(0)] = 4e-4

    def __call__(self, logp: Tensor, old: Tensor, advantage: Tensor, mask: Tensor) -> Tensor:  # all [B, T]
        row = ((logp - old) * mask).sum(1, keepdim=True) / mask.sum(1, keepdim=True)  # [B, 1]
        return clipped((row.detach() + logp - logp.detach()).exp(), advantage, self.low, self.high)


def clipped(ratio: Tensor, advantage: Tensor, low: float, high: float) -> Tensor:  # [B, T] each -> [B, T]
    """The pessimistic loss of a ratio: the larger of the losses with the ratio and with it clipped to [1 - low, 1 + high]."""
    return -(ratio * advantage).minimum(ratio.clamp(1 - low, 1 + high) * advantage)


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


def kl(logp: Tensor, reference: Tensor) -> Tensor:  # [B, T], [B, T] -> [B, T]
    """An unbiased estimate of KL(policy || reference) from the policy's own samples, never negative (k3)."""
    return (reference - logp).expm1() - (reference - logp)
