"""Two models that write together: the base goes on, and where a gate fires, something of the target is put in (arXiv:2510.07364).

Shapes: B rows, T tokens, D width, V words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from train.policy import Policy, load_policy
from train.stages.stage import Context, Stage
from train.steering.stream import onward, until

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from models import GPTConfig
    from models.cache import Following
    from models.gpt import GPT
    from models.layers import Past
    from train.run import Asked


@dataclass(frozen=True, eq=False)
class Seen:
    """Readings of both models at each token. The base is read without any steering, after the same words."""

    tokens: Tensor  # [B, T]
    positions: Tensor  # [B, T] or [1, T]
    stream: Tensor  # [B, T, D] of the base, as it leaves the block
    last: Tensor  # [B, T, D] of the base, as it leaves its last block
    base: Tensor  # [B, T, V] logits
    target: Tensor  # [B, T, V] logits


Gate = Callable[[Seen], "Tensor"]
"""True at the tokens after which the hybrid is steered, bool [B, T]. It must treat each token separately."""


class MakesGate(Protocol):
    """Makes a gate from its fields: numbers, or stages whose results it reads."""

    def gate(self, context: Context) -> Gate: ...


@dataclass(frozen=True)
class Disagreement:
    """Fires where the likeliest words of base and target differ (arXiv:2510.07364): an oracle, since it asks the target at every word."""

    def gate(self, context: Context) -> Gate:
        return disagreement


def disagreement(seen: Seen) -> Tensor:  # bool [B, T]
    """True where the likeliest words of base and target differ."""
    return seen.base.argmax(-1) != seen.target.argmax(-1)


class Move(Protocol):
    """Gives the logits [B, T, V] of the hybrid where the gate has `fired`, bool [B, T], and where it has not. `goes_on` gives those of the
    base from a stream that leaves the block, [B, T, D]; it must be called once, or never."""

    def __call__(self, seen: Seen, fired: Tensor, goes_on: Callable[[Tensor], Tensor]) -> Tensor: ...


@dataclass(frozen=True, eq=False)
class Hybrid:
    """A base that a gate and a move steer towards a target; a language model like any other.

    Steering lasts: later words read the keys and values of steered tokens as these were. A prompt is steered at its last word alone. The
    three models share one key-value cache: the layers of the base come first, then those of the target, then those of the base steered.

    Raises:
        ValueError: if the models are of other shapes; on use, if prompts and completions are not read apart, by a cache.
    """

    base: GPT
    target: GPT
    block: int
    gate: Gate
    move: Move

    def __post_init__(self) -> None:
        if self.base.config != self.target.config:
            raise ValueError(f"base and target have one shape; found {self.base.config} and {self.target.config}")

    @property
    def config(self) -> GPTConfig:
        return self.base.config

    @property
    def device(self) -> torch.device:
        return self.base.device

    def __call__(self, tokens: Tensor, past: Past | None = None) -> Tensor:  # [B, T] -> [B, T, V]
        if past is None:
            raise ValueError("a hybrid reads prompts and completions apart, by a key-value cache; found none, as if there were no prompt")
        seen = read(self.base, self.target, self.block, tokens, past)
        return self.move(seen, self.gate(seen) & written(tokens, past), lambda stream: self._goes_on(stream, tokens, past))

    def _goes_on(self, stream: Tensor, tokens: Tensor, past: Past) -> Tensor:  # [B, T, D], [B, T] -> [B, T, V]
        return steered_logits(self.base, self.block, stream, tokens, past)


def pair(context: Context, base: Stage, target: Stage) -> tuple[Policy, Policy]:
    """Two policies, frozen, on the device of this machine.

    Raises:
        ValueError: if their vocabularies differ.
    """
    policies = load_policy(context.get(base)), load_policy(context.get(target))
    if policies[0].vocab != policies[1].vocab:
        raise ValueError(f"{target} has another vocabulary than {base}, so tokens would stand for other words")
    for policy in policies:
        policy.model.to(context.machine.device).eval().requires_grad_(False)
    return policies


def read(base: GPT, target: GPT, block: int, tokens: Tensor, past: Past) -> Seen:  # [B, T]
    """The readings of both models, which are added to the cache."""
    layers = len(base.blocks)
    stream = until(base, block, tokens, past)
    last = onward(base, block, stream, tokens, past)
    goal = target(tokens, Apart(past, layers))
    return Seen(tokens, past.positions(tokens.shape[1]), stream, last, base.head(base.norm(last)), goal)


def steered_logits(base: GPT, block: int, stream: Tensor, tokens: Tensor, past: Past) -> Tensor:  # [B, T, D], [B, T] -> [B, T, V]
    """The logits of the base if this stream left the block, after a past in which it was steered, too."""
    apart = Apart(past, 2 * len(base.blocks) - (block + 1))
    return base.head(base.norm(onward(base, block, stream, tokens, apart)))  # type: ignore[no-any-return]


def follow(base: GPT, target: GPT, block: int, asked: Asked, tokens: Tensor) -> tuple[Following, Seen]:  # [B, T]
    """The readings of both models before each word of completions, row b of prompt b // (B / P); and the past of these readings, for
    `steered_logits` of the same words."""
    import torch

    from models.cache import Following, PromptCache

    prompts, lengths = asked.prompts.to(base.device), asked.lengths.to(base.device)
    owners = torch.arange(len(tokens), device=base.device) // (len(tokens) // len(prompts))
    past = PromptCache(lengths - 1)  # the last word of a prompt is read with the completion: words are written from there on
    before = prompts[:, : past.longest]
    steered_logits(base, block, read(base, target, block, before, past).stream, before, past)
    words = torch.cat((prompts.gather(1, lengths[:, None] - 1)[owners], tokens[:, :-1]), dim=1)
    follows = Following(past, owners)
    return follows, read(base, target, block, words, follows)


def written(tokens: Tensor, past: Past) -> Tensor:  # [B, T] -> bool [B, T]
    """The tokens after which the policy writes: the last of a prompt, and all of a completion."""
    import torch

    from models.cache import PromptCache

    if not isinstance(past, PromptCache):
        return torch.ones_like(tokens, dtype=torch.bool)
    return past.positions(tokens.shape[1]) == past.lengths[:, None] - 1


@dataclass(frozen=True, eq=False)
class Apart:
    """The past of another model in the same cache, whose layers come after so many others."""

    past: Past
    layers: int

    def length(self, new: int) -> int:
        return self.past.length(new)

    def positions(self, new: int) -> Tensor:
        return self.past.positions(new)

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return self.past.attend(layer + self.layers, q, k, v)

    def convolve(self, index: int, x: Tensor, size: int) -> Tensor:
        return self.past.convolve(index + 2 * self.layers, x, size)  # each layer has two convolutions
