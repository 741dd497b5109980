"""The cost of a stage, counted while it runs. Equal compute means equal ledgers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models import GPTConfig
from models.cost import Passed
from train.stages.reading import a_count, read_object, reading

if TYPE_CHECKING:
    from torch import Tensor

BACKWARD = 3  # cost of training on a token, in tokens forward
LENGTH = 64  # typical tokens of a problem with its solution; used only to compare kinds of stages


@dataclass
class Ledger:
    """Tokens without padding, and floating-point operations. A prefix that completions of a problem share is run and counted once.

    Only tokens that a model reads count: the last word of a document or of a completion is chosen, and not read. Operations are those of
    `models.cost.Passed.flops`; the backward pass costs twice the forward pass.
    """

    iterations: int = 0
    updates: int = 0  # optimiser steps; an iteration without signal has none
    sampled: int = 0  # tokens chosen by the policy
    forwarded: int = 0  # tokens through the model without gradient
    trained: int = 0  # tokens through the model with gradient, prompts included
    flops: int = 0

    def forward(self, passed: Passed, config: GPTConfig) -> None:
        """Count what a model of this shape read."""
        self.forwarded += passed.tokens
        self.flops += passed.flops(config)

    def train(self, passed: Passed, config: GPTConfig) -> None:
        """Count what a model of this shape learned from."""
        self.trained += passed.tokens
        self.flops += BACKWARD * passed.flops(config)


def read_ledger(folder: Path) -> Ledger:
    """The cost of the stage in `folder`; zero if it keeps no ledger.

    Raises:
        Malformed: if its ledger cannot be read.
    """
    if not os.path.lexists(file := folder / "ledger.json"):
        return Ledger()
    with reading(file):
        return Ledger(**{what: a_count(number) for what, number in read_object(file).items()})


def as_bytes(rows: Tensor) -> NDArray[np.void]:  # [B, T] -> [B]
    """Each row of tokens as one value, to find equal ones; their order is that of the rows, word by word. Torch takes ten times as long to
    sort rows."""
    words = np.ascontiguousarray(rows.cpu().numpy().astype(">u4"))
    return words.view(np.dtype((np.void, words.itemsize * words.shape[1])))[:, 0]
