"""Moves: what is put in where the gate of a hybrid fires."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Protocol

from synthtasks.checked import Checked, From
from train.policy import torch_rng
from train.stages.stage import Context
from train.steering.hybrids.directions import Directions
from train.steering.hybrids.hybrid import Move, Seen
from train.steering.hybrids.learned import LearnedVectors, read_learned

if TYPE_CHECKING:
    from torch import Tensor


class MakesMove(Protocol):
    """Makes a move from its fields: numbers, or stages whose results it reads."""

    def move(self, context: Context) -> Move: ...


@dataclass(frozen=True)
class Patch:
    """The target's own distribution of the next word: the ceiling of what steering can recover through a gate."""

    def move(self, context: Context) -> Move:
        def patched(seen: Seen, fired: Tensor, goes_on: Callable[[Tensor], Tensor]) -> Tensor:
            return seen.target.where(fired[..., None], seen.base)

        return patched


@dataclass(frozen=True)
class Steered:
    """The learned bias, and the learned vectors by their coefficients, are added to the stream of the base."""

    learned: LearnedVectors

    def move(self, context: Context) -> Move:
        return steered(read_learned(self.learned, context))


@dataclass(frozen=True)
class RandomVectors(Checked):
    """Random vectors and a random bias, each as long as the learned one, by the learned coefficients."""

    learned: LearnedVectors
    seed: Annotated[int, From(0)] = 0

    def move(self, context: Context) -> Move:
        found = read_learned(self.learned, context)
        return steered(replace(found, vectors=random_like(found.vectors, self.seed), bias=random_like(found.bias, self.seed + 1)))


@dataclass(frozen=True)
class OtherCategory(Checked):
    """The learned vectors, each by the coefficient of another one: the right repertoire at the wrong moment."""

    learned: LearnedVectors
    seed: Annotated[int, From(0)] = 0

    def move(self, context: Context) -> Move:
        import torch

        found = read_learned(self.learned, context)
        K = len(found.vectors)
        by = int(torch.randint(1, max(K, 2), (), generator=torch_rng("other category", self.seed)))
        return steered(replace(found, vectors=found.vectors.roll(by, 0)))


def steered(directions: Directions) -> Move:
    """The move that adds the shift of these directions."""

    def moved(seen: Seen, fired: Tensor, goes_on: Callable[[Tensor], Tensor]) -> Tensor:
        return goes_on((seen.stream + directions.shift(seen.stream)).where(fired[..., None], seen.stream))

    return moved


def random_like(vectors: Tensor, seed: int) -> Tensor:  # [..., D] -> [..., D]
    """Random vectors with the norms of these."""
    import torch

    random = torch.randn(vectors.shape, generator=torch_rng("random vectors", seed), dtype=torch.double).to(vectors.device)
    return (random * (vectors.double().norm(dim=-1, keepdim=True) / random.norm(dim=-1, keepdim=True))).to(vectors)  # type: ignore[no-any-return]
