"""The interface between a loss and the one loop in `train.learn`: the run that a loss sees, and the updates that it gives."""

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
    """A run of learning, as a loss sees it."""

    model: LanguageModel  # for what carries gradients
    bare: GPT  # the same weights, for what does not
    vocab: Vocab
    context: Context
    start: Stage  # the policy that learning began from
    ledger: Ledger
    upstream: Collection[Stage] = ()  # all that the stage which learns builds on
    loaded: dict[Stage, GPT] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        return self.bare.device

    @property
    def weights(self) -> int:
        """For the ledger."""
        return matrix_weights(self.bare.config)

    @property
    def reference(self) -> GPT:
        """The policy that learning began from, frozen."""
        return self.policy(self.start)

    def policy(self, stage: Stage) -> GPT:
        """The model of another policy, such as a teacher or a base, frozen and on the device of this run. It is loaded once.

        Raises:
            ValueError: if the stage that learns does not build on it, so that its identity would say nothing of it; or if it has another
                vocabulary than the policy that learns.
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
    """One optimiser step on the sum of `terms`, which may be made one after the other; no terms, no step."""

    terms: Iterable[Tensor]  # scalars
    metrics: Metrics


class Loss(Protocol):
    """A way of learning.

    Randomness is named by a loss's seed and the iteration. Two losses may have one seed and different sources: they draw different problems
    or documents then, but these are not independent.
    """

    @property
    def per_iteration(self) -> int: ...  # updates of an iteration; losses that learn together make equally many

    @property
    def drawn_by(self) -> object: ...  # names its problems or documents: losses of which it is equal draw the same ones in an iteration

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        """Those of an iteration, `per_iteration` many. Iterations are counted on from earlier learning that drew by the same."""
