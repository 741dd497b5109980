"""Vectors of the residual stream as expressions: an edit along one, and its placebos of equal norm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Protocol

from synthtasks.checked import Checked, From
from train.policy import torch_rng
from train.stages.stage import Context

if TYPE_CHECKING:
    from torch import Tensor

    from models.edits import Edit


class MakesVector(Protocol):
    """Makes a vector of the residual stream from its fields: numbers, or stages whose results it reads."""

    def vector(self, context: Context) -> Tensor: ...  # [D]


@dataclass(frozen=True)
class Along(Checked):
    """Adds `scale` times a vector to every token: activation steering (arXiv:2308.10248). With scale 0 the policy stays as it is."""

    of: MakesVector
    scale: float = 1.0

    def edit(self, context: Context) -> Edit:
        from models.edits import Shift

        return Shift(self.of.vector(context), self.scale)


@dataclass(frozen=True)
class RandomLike(Checked):
    """A vector of random direction, as long as another: the placebo of its direction."""

    of: MakesVector
    seed: Annotated[int, From(0)] = 0

    def vector(self, context: Context) -> Tensor:  # [D]
        import torch

        found = self.of.vector(context)
        random = torch.randn(len(found), generator=torch_rng("random vector", self.seed), dtype=torch.double)
        return (random * (found.double().norm() / random.norm())).to(found)


@dataclass(frozen=True)
class Permuted(Checked):
    """The numbers of another vector on other channels: the placebo that keeps its norm and the distribution of its numbers."""

    of: MakesVector
    seed: Annotated[int, From(0)] = 0

    def vector(self, context: Context) -> Tensor:  # [D]
        import torch

        found = self.of.vector(context)
        return found[torch.randperm(len(found), generator=torch_rng("permuted vector", self.seed))]
