"""The interface between a loss and the training loop (`train.learn`): a loss reads a `Run` and yields `Update`s."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from synthtasks.vocab import Vocab
from train.ledger import Ledger, matrix_weights
from train.policy import load_policy
from train.stages.stage import Context, Stage

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from models.gpt import GPT, LanguageModel

Metrics = dict[str, float]


@dataclass
class Run:
    """The state of learning that a loss may read."""

    model: LanguageModel  # use it with gradients
    bare: GPT  # the same weights, for use without gradients
    vocab: Vocab
    context: Context
    start: Stage  # the policy that learning began from
    ledger: Ledger
    upstream: Collection[Stage] = ()  # every stage that the learning stage builds on
    loaded: dict[Stage, GPT] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        return self.bare.device

    @property
    def weights(self) -> int:
        """The number of matrix weights, for the ledger."""
        return matrix_weights(self.bare.config)

    @property
    def reference(self) -> GPT:
        """The policy that learning began from, frozen."""
        return self.policy(self.start)

    def policy(self, stage: Stage) -> GPT:
        """The model of another policy, such as a teacher or a base, frozen and on the device of this run. It is loaded once.

        Raises:
            ValueError: if the learning stage does not build on it, so that its identity would not depend on it; or if the vocabularies
                differ.
        """
        if stage not in self.loaded:
            if stage != self.start and stage not in self.upstream:
                raise ValueError(f"a run reads policies that it builds on; {stage} is none: make it a field of the loss or reward")
            policy = load_policy(self.context.get(stage))
            if policy.vocab != self.vocab:
                raise ValueError(f"{stage} has another vocabulary than the policy that learns, so tokens would stand for other words")
            self.loaded[stage] = policy.model.requires_grad_(False).to(self.device)
        return self.loaded[stage]


@dataclass(frozen=True)
class Update:
    """One optimiser step on the sum of `terms`, which may be computed lazily. Without terms there is no step."""

    terms: Iterable[Tensor]  # scalars
    metrics: Metrics


class Loss(Protocol):
    """A way of learning.

    Randomness derives from the seed of the loss and the iteration. Two losses with one seed and different sources draw different problems
    or documents, but not independently.
    """

    @property
    def per_iteration(self) -> int: ...  # updates of an iteration; losses that learn together make equally many

    @property
    def drawn_by(self) -> object: ...  # identifies its draws: losses with equal values draw the same problems or documents

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        """The updates of an iteration, `per_iteration` many. Iterations are counted on from earlier learning with an equal `drawn_by`."""
