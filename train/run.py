"""What a way of learning sees while it learns, and what it gives: updates for the one loop in `train.learn`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from models.gpt import GPT, LanguageModel
from synthtasks.vocab import Vocab
from train.checkpoint import Metrics
from train.ledger import Ledger, matrix_weights
from train.policy import load_policy
from train.stages.stage import Context, Stage


@dataclass
class Run:
    """What a loss may consult while it learns."""

    model: LanguageModel  # for what carries gradients
    bare: GPT  # the same weights, for what does not
    vocab: Vocab
    context: Context
    start: Stage  # the policy that learning began from
    ledger: Ledger

    @property
    def device(self) -> torch.device:
        return self.bare.device

    @property
    def weights(self) -> int:
        """For the ledger."""
        return matrix_weights(self.bare.config)

    @cached_property
    def reference(self) -> GPT:
        """The policy that learning began from, frozen."""
        return load_policy(self.context.get(self.start)).model.requires_grad_(False).to(self.device)


@dataclass(frozen=True)
class Update:
    """One optimiser step on the sum of `terms`, which may be made one after the other; no terms, no step."""

    terms: Iterable[Tensor]  # scalars
    metrics: Metrics


class Loss(Protocol):
    """A way of learning. Several that learn together say beforehand what has to agree, and what must not.

    Randomness is named by a loss's seed. Two losses may have one seed and different prompts or corpora: what they draw differs then, but is
    not independent.
    """

    @property
    def per_iteration(self) -> int: ...  # updates of an iteration; of all losses the same
    @property
    def drawn_by(self) -> object: ...  # names its problems or documents: losses of which it is equal draw the same ones in an iteration
    def updates(self, run: Run, iteration: int) -> Iterator[Update]: ...
