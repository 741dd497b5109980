"""Tokens by the covariance of advantage and log-probability, which drives the fall of entropy (arXiv:2505.22617)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from synthtasks.checked import Above, Checked
from synthtasks.rng import rng
from train.rl.rollouts import Rollouts

if TYPE_CHECKING:
    from torch import Tensor


def covariance(advantage: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
    """(A - mean A)(log p - mean log p) of each token, by means over the batch's tokens; log p is the sampling policy's. Meaningless off the
    mask."""
    return (advantage - advantage[r.mask].mean()) * (r.logp - r.logp[r.mask].mean()).to(advantage)


def few(share: float, r: Rollouts) -> int:
    """This share of the batch's tokens, rounded down; at least one."""
    return max(int(share * int(r.mask.sum())), 1)


@dataclass(frozen=True)
class CutCov(Checked):
    """A random share of the batch's tokens, among those whose covariance lies between low and high, have no advantage (Clip-Cov,
    arXiv:2505.22617).

    Raises:
        ValueError: if low is not less than high: no token would lie between them.
    """

    share: Annotated[float, Above(0, 1)] = 2e-4
    low: float = 1.0
    high: float = 5.0
    least_group: ClassVar[int] = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low >= self.high:
            raise ValueError(f"CutCov.low is less than CutCov.high; found {self.low} and {self.high}")

    def __call__(self, x: Tensor, r: Rollouts) -> Tensor:  # [B, T] -> [B, T]
        import torch

        cov = covariance(x, r)
        places = ((cov > self.low) & (cov < self.high) & r.mask).view(-1).nonzero()[:, 0]  # [N]
        drawn = torch.from_numpy(rng("cut", *r.path).permutation(len(places))[: few(self.share, r)]).to(places.device)
        return x.reshape(-1).index_fill(0, places[drawn], 0.0).view(x.shape)
