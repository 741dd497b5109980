"""The cost of passes through a model, counted without padding. This file does not import torch, which is slow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.config import GPTConfig

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Passed:
    """Tokens that went through a model, and pairs of a token and a key that attention read for it, its own key included."""

    tokens: int = 0
    pairs: int = 0  # in each layer

    def __add__(self, other: Passed) -> Passed:
        return Passed(self.tokens + other.tokens, self.pairs + other.pairs)

    def flops(self, c: GPTConfig) -> int:
        """Floating-point operations of the forward pass: 2 a token for each weight that it is multiplied with, the head's included, and
        4 D a pair in each layer, for its score and for its part of the weighted sum (arXiv:2001.08361 §2.1, exact where it takes a mean).
        Embeddings are look-ups."""
        return 2 * matrix_weights(c) * self.tokens + 4 * c.layers * c.width * self.pairs


def passed(read: Tensor, after: Tensor | int = 0) -> Passed:  # [N], [N]
    """Rows of so many tokens, each read in one pass or one by one, `after` so many keys of a cache."""
    return Passed(int(read.sum()), int((read * after + read * (read + 1) // 2).sum()))


def matrix_weights(c: GPTConfig) -> int:
    """The number of weights that a token is multiplied with: all but the embedding."""
    head = c.width // c.heads
    attention = c.width * (c.heads + 2 * c.kv_heads) * head + c.width**2
    inner = 8 * c.width // 3 if c.feedforward == "swiglu" else 4 * c.width
    feedforward = (3 if c.feedforward == "swiglu" else 2) * c.width * inner
    return c.layers * (attention + feedforward + 2 * c.conv * c.width) + c.width * c.vocab
