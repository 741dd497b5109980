"""Gates: after which words a hybrid is steered. Each is made from its fields, and asks the models of a hybrid, or nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from synthtasks.checked import Above, Checked, From
from train.policy import torch_rng
from train.stages.stage import Context
from train.steering.hybrids.hybrid import Gate, Seen
from train.steering.hybrids.learned import LearnedVectors, read_learned

if TYPE_CHECKING:
    from torch import Tensor

PLACES, WORDS = 1 << 12, 1 << 9  # of the table of chances: positions and words beyond it begin anew


@dataclass(frozen=True)
class Never:
    """After no word: the hybrid is the base."""

    def gate(self, context: Context) -> Gate:
        return lambda seen: seen.tokens < 0


@dataclass(frozen=True)
class Always:
    """After every word."""

    def gate(self, context: Context) -> Gate:
        return lambda seen: seen.tokens >= 0


@dataclass(frozen=True)
class OwnGate(Checked):
    """Where a logistic function of the base's activations says that the two would differ: without an oracle. It fires `often` times as
    often as they differ, on what it has learned from."""

    learned: LearnedVectors
    often: Annotated[float, Above(0)] = 1.0

    def gate(self, context: Context) -> Gate:
        return read_learned(self.learned, context).own_gate(self.often)


@dataclass(frozen=True)
class AtRandom(Checked):
    """After words at random, in the share in which base and target differ. The chance depends on position and word alone, so that a
    completion is steered at the same words however it is read."""

    learned: LearnedVectors
    seed: Annotated[int, From(0)] = 0

    def gate(self, context: Context) -> Gate:
        import torch

        rate = read_learned(self.learned, context).rate
        table = torch.rand(PLACES, WORDS, generator=torch_rng("random gate", self.seed))

        def fires(seen: Seen) -> Tensor:  # bool [B, T]
            places = seen.positions.expand_as(seen.tokens) % PLACES
            return table.to(seen.tokens.device)[places, seen.tokens % WORDS] < rate

        return fires
