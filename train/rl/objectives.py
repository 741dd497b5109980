"""How advantage becomes loss: a surrogate for each token, and the weight of each token in the sum.

Pure functions of tensors. Shapes: B rows, T tokens.
"""

from dataclasses import dataclass
from typing import Annotated, Protocol

import torch
from torch import Tensor

from synthtasks.checked import From, check
from train.rl.rollouts import Rollouts


class Surrogate(Protocol):
    """What to minimise at each token; `old` are the log-probabilities under the policy that sampled."""

    def __call__(self, logp: Tensor, old: Tensor, advantage: Tensor) -> Tensor: ...  # all [B, T]


@dataclass(frozen=True)
class PolicyGradient:
    """-A log pi: REINFORCE, right where the sampling policy is the one that learns."""

    def __call__(self, logp: Tensor, old: Tensor, advantage: Tensor) -> Tensor:
        return -logp * advantage


@dataclass(frozen=True)
class Clip:
    """The clipped ratio (arXiv:1707.06347 eq. 7); `high > low` is clip-higher (arXiv:2503.14476 eq. 10)."""

    low: Annotated[float, From(0, 1)] = 0.2
    high: Annotated[float, From(0)] = 0.2

    def __post_init__(self) -> None:
        check(self)

    def __call__(self, logp: Tensor, old: Tensor, advantage: Tensor) -> Tensor:
        ratio = (logp - old).exp()
        return -torch.minimum(ratio * advantage, ratio.clamp(1 - self.low, 1 + self.high) * advantage)


class Aggregate(Protocol):
    """The weight of each token in the loss. Of the whole batch: so parts of it can be summed one after the other."""

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
