"""The cost of a stage, counted while it runs. Equal compute means equal ledgers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models import GPTConfig
from train.stages.reading import a_count, read_object, reading

if TYPE_CHECKING:
    from torch import Tensor

BACKWARD = 3  # cost of training on a token, in tokens forward
LENGTH = 64  # typical tokens of a problem with its solution; used only to compare kinds of stages


@dataclass
class Ledger:
    """Tokens without padding, and floating-point operations. A prefix that completions of a problem share is run and counted once.

    A token forward costs 2 operations a weight, backward 4 more (arXiv:2001.08361 §2.1); embeddings are look-ups, and
    the products of attention, small at these lengths, are left out.
    """

    iterations: int = 0
    updates: int = 0  # optimiser steps; an iteration without signal has none
    sampled: int = 0  # tokens chosen by the policy
    forwarded: int = 0  # tokens through the model without gradient
    trained: int = 0  # tokens through the model with gradient, prompts included
    flops: int = 0

    def forward(self, tokens: int, weights: int) -> None:
        self.forwarded += tokens
        self.flops += 2 * weights * tokens

    def train(self, tokens: int, weights: int) -> None:
        self.trained += tokens
        self.flops += 6 * weights * tokens


def read_ledger(folder: Path) -> Ledger:
    """The cost of the stage in `folder`; zero if it keeps no ledger.

    Raises:
        Malformed: if its ledger cannot be read.
    """
    if not os.path.lexists(file := folder / "ledger.json"):
        return Ledger()
    with reading(file):
        return Ledger(**{what: a_count(number) for what, number in read_object(file).items()})


def matrix_weights(c: GPTConfig) -> int:
    """The number of weights that a token is multiplied with: all but the embedding."""
    head = c.width // c.heads
    attention = c.width * (c.heads + 2 * c.kv_heads) * head + c.width**2
    inner = 8 * c.width // 3 if c.feedforward == "swiglu" else 4 * c.width
    feedforward = (3 if c.feedforward == "swiglu" else 2) * c.width * inner
    return c.layers * (attention + feedforward + 2 * c.conv * c.width) + c.width * c.vocab


def as_bytes(rows: Tensor) -> NDArray[np.void]:  # [B, T] -> [B]
    """Each row of tokens as one value, to find equal ones; their order is that of the rows, word by word. Torch takes ten times as long to
    sort rows."""
    words = np.ascontiguousarray(rows.cpu().numpy().astype(">u4"))
    return words.view(np.dtype((np.void, words.itemsize * words.shape[1])))[:, 0]
