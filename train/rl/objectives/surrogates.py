"""Surrogates: the loss of each token, from its advantage. Pure functions of tensors. Shapes: B rows, T tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Protocol

from synthtasks.checked import Above, Checked, From

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
class Ratio:
    """-A pi / pi_old: the ratio without a clip."""

    def __call__(self, logp: Tensor, old: Tensor, advantage: Tensor, mask: Tensor) -> Tensor:  # all [B, T]
        return -(logp - old).exp() * advantage


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


@dataclass(frozen=True)
class Truncated(Checked):
    """-w A log pi, where w is the ratio clamped to [low, high], without gradient: a clamped token still teaches (CISPO, arXiv:2506.13585).

    Sources differ in the bounds: see `cispo-scale` and `cispo-verl` in the index of algorithms.
    """

    low: Annotated[float, From(0, 1)] = 0.0
    high: Annotated[float, Above(0)] = 5.0

    def __call__(self, logp: Tensor, old: Tensor, advantage: Tensor, mask: Tensor) -> Tensor:  # all [B, T]
        return -(logp - old).exp().clamp(self.low, self.high).detach() * advantage * logp


def clipped(ratio: Tensor, advantage: Tensor, low: float, high: float) -> Tensor:  # [B, T] each -> [B, T]
    """The pessimistic loss of a ratio: the larger of the losses with the ratio and with it clipped to [1 - low, 1 + high]."""
    return -(ratio * advantage).minimum(ratio.clamp(1 - low, 1 + high) * advantage)
