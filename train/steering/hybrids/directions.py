"""Learned vectors with their coefficients and a gate, as functions of a base's activations.

Shapes: B rows, T tokens, D width, K vectors, H hidden units of the coefficient network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from train.steering.hybrids.hybrid import Gate, Seen

if TYPE_CHECKING:
    from torch import Tensor

TENSORS = ("vectors", "bias", "up", "up_bias", "out", "out_bias", "gate", "levels")
LEVELS = 1_001


@dataclass(frozen=True, eq=False)
class Directions:
    """Learned vectors with their coefficient network, and a gate."""

    vectors: Tensor  # [K, D]
    bias: Tensor  # [D]
    up: Tensor  # [D, H]
    up_bias: Tensor  # [H]
    out: Tensor  # [H, K]
    out_bias: Tensor  # [K]
    gate: Tensor  # [2 D] of the stream at the block, and at the end
    levels: Tensor  # [LEVELS] of the gate's score, at equal shares of the words that were learned from, ascending
    rate: float  # share of words at which base and target differ
    fixed: float  # share of words, where it was steered in learning, at which the steered base says the target's

    def coefficients(self, stream: Tensor) -> Tensor:  # [..., D] -> [..., K]
        """How much of each vector is added, never negative."""
        import torch.nn.functional as F

        return F.softplus(F.gelu(_normal(stream) @ self.up + self.up_bias) @ self.out + self.out_bias)

    def shift(self, stream: Tensor) -> Tensor:  # [..., D] -> [..., D]
        """The vector that is added to the stream."""
        return self.bias + self.coefficients(stream) @ self.vectors

    def own_gate(self, often: float) -> Gate:
        """The gate that reads the base's activations alone. It fires `often` times as often as base and target differ."""
        threshold = self.levels[round((LEVELS - 1) * max(0.0, 1 - often * self.rate))]
        return lambda seen: features(seen) @ self.gate > threshold


def features(seen: Seen) -> Tensor:  # [B, T, 2 D]
    """The activations of the base that a gate reads: the stream as it leaves the block, and the last block, each of length 1 a channel."""
    import torch

    return torch.cat((_normal(seen.stream), _normal(seen.last)), dim=-1)


def _normal(stream: Tensor) -> Tensor:  # [..., D] -> [..., D]
    return stream * (stream.square().mean(-1, keepdim=True) + 1e-6).rsqrt()
