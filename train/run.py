"""The interface between a loss and the training loop (`train.learn`): a loss reads a `Run` and yields updates, each an `Update`.

Shapes: P prompts, B rows that follow them, S prompt tokens, T tokens of the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from synthtasks.vocab import Vocab
from train.ledger import Ledger
from train.policy import load_policy
from train.stages.stage import Context, Stage

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from models.gpt import GPT, LanguageModel
    from models.sampling import Completions, Measure, Observer

Metrics = dict[str, float]


@dataclass(frozen=True, eq=False)
class Asked:
    """Prompts to be completed, and the randomness for it; see `models.sampling.generate`."""

    prompts: Tensor  # [P, S], padded on the right
    lengths: Tensor  # [P]
    uniforms: Tensor  # [B, limit]
    end: int
    temperature: float = 1.0
    measures: tuple[Measure, ...] = ()
    observer: Observer | None = None

    @property
    def unpadded(self) -> list[list[int]]:  # [P]
        """The prompts without padding."""
        return [row[:length] for row, length in zip(self.prompts.tolist(), self.lengths.tolist(), strict=True)]

    def complete(self, model: LanguageModel) -> Completions:
        """The completions of a model."""
        from models.sampling import generate

        return generate(model, self.unpadded, self.uniforms, self.end, self.temperature, self.measures, self.observer)


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
    draw: Callable[[Asked], Completions] | None = None  # where networks sample as one; None: this one samples alone
    iteration: int = 0  # of the loss that reads it, as `Loss.updates` counts
    moving: GPT | None = None  # the reference of a loss that declares `moves`; the loss moves it, and it is part of the checkpoint

    @property
    def device(self) -> torch.device:
        return self.bare.device

    def complete(self, asked: Asked) -> Completions:
        """The completions of the learning policy."""
        return self.draw(asked) if self.draw else asked.complete(self.bare)

    @property
    def reference(self) -> GPT:
        """The policy that learning began from, frozen, or a reference that the loss moves."""
        return self.moving or self.policy(self.start)

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


@dataclass(frozen=True, eq=False)
class Term:
    """A part of a loss: the sum of `loss(logp, *given)` [B, T], where `logp` [B, T] is the log-probability of every token of some rows.

    `loss` treats rows separately, and equal losses are equal values. So the terms of several networks can be computed as one.
    """

    prompts: Tensor  # [P, S], padded on the right
    prompt_lengths: Tensor  # [P]
    tokens: Tensor  # [N, T] after the prompts
    owners: Tensor  # [N] the prompt of each, ascending
    loss: Callable[..., Tensor]
    given: tuple[Tensor, ...]  # [B, T] each
    rows: Tensor | None = None  # [B] the place in `tokens` of each row; None: N = B
    temperature: float = 1.0

    def value(self, model: LanguageModel) -> Tensor:
        """The term of a model, a scalar."""
        from models.sampling import chosen_logp, completion_logits

        there = (self.prompts, self.prompt_lengths, self.tokens, self.owners, *self.given)
        prompts, lengths, tokens, owners, *given = (x.to(model.device) for x in there)
        logp = chosen_logp(completion_logits(model, prompts, lengths, tokens, owners) / self.temperature, tokens)
        return self.loss(logp if self.rows is None else logp[self.rows.to(logp.device)], *given).sum()


@dataclass(frozen=True)
class Update:
    """One optimiser step on the sum of `terms`, which may be computed lazily. Without terms there is no step."""

    terms: Iterable[Term | Tensor]  # scalars, or terms that networks in a stack can compute as one
    metrics: Metrics


class Loss(Protocol):
    """A way of learning.

    Randomness derives from the seed of the loss and the iteration. Two losses with one seed and different sources draw different problems
    or documents, but not independently.

    Stages whose losses have an equal `stacks`, not None, may be run as one (`train.stacked`). Such a loss yields `Term`s alone, asks for
    completions by `run.complete`, and makes equally many updates.
    """

    @property
    def per_iteration(self) -> int: ...  # updates of an iteration; losses that learn together make equally many

    @property
    def drawn_by(self) -> object: ...  # identifies its draws: losses with equal values draw the same problems or documents

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        """The updates of an iteration, `per_iteration` many. Iterations are counted on from earlier learning with an equal `drawn_by`."""
