"""Edits of the residual stream, for interventions: steering, ablation, patching.

Shapes: B rows, T tokens, D width.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn
from torch.nn.functional import normalize

from models.gpt import GPT


class Edit(Protocol):
    """A change of the residual stream as it leaves a block.

    It must treat each token separately: with a key-value cache it gets only the new tokens, and padding too.
    """

    def __call__(self, stream: Tensor, tokens: Tensor) -> Tensor: ...  # [B, T, D], [B, T] -> [B, T, D]


@dataclass(frozen=True, eq=False)
class Shift:
    """Adds `scale` times a vector: activation steering (arXiv:2308.10248).

    Raises:
        ValueError: if the vector is not a finite vector, or the scale is not finite; on use, if the model has another width.
    """

    vector: Tensor  # [D]
    scale: float = 1.0

    def __post_init__(self) -> None:
        _check_vector("Shift.vector", self.vector)
        if type(self.scale) not in (int, float) or not math.isfinite(self.scale):
            raise ValueError(f"Shift.scale is a finite number; found {self.scale!r}")

    def __call__(self, stream: Tensor, tokens: Tensor) -> Tensor:  # [B, T, D], [B, T] -> [B, T, D]
        return stream + self.scale * _like("Shift.vector", self.vector, stream)


@dataclass(frozen=True, eq=False)
class ShiftAt:
    """Adds `scale` times a vector at one token of the vocabulary, wherever it stands, and nowhere else: at the last token of prompts, it
    steers the first step of generation alone (arXiv:2601.08058).

    Raises:
        ValueError: if the vector is not a finite vector, the scale is not finite, or the token is negative; on use, if the model has
            another width.
    """

    vector: Tensor  # [D]
    token: int
    scale: float = 1.0

    def __post_init__(self) -> None:
        Shift(self.vector, self.scale)  # checks them
        if type(self.token) is not int or self.token < 0:
            raise ValueError(f"ShiftAt.token is a token, from 0; found {self.token!r}")

    def __call__(self, stream: Tensor, tokens: Tensor) -> Tensor:  # [B, T, D], [B, T] -> [B, T, D]
        vector = _like("ShiftAt.vector", self.vector, stream)
        return stream + (tokens == self.token)[..., None] * (self.scale * vector)


@dataclass(frozen=True, eq=False)
class Project:
    """Removes the component along a direction: directional ablation (arXiv:2406.11717).

    The paper removes it at every write to the stream. Here it is removed after the chosen blocks, not between the attention and the
    feed-forward layer of a block.

    Raises:
        ValueError: if the direction is not a finite vector, or is zero; on use, if the model has another width.
    """

    direction: Tensor  # [D], of any length

    def __post_init__(self) -> None:
        _check_vector("Project.direction", self.direction)
        if not bool(self.direction.any()):
            raise ValueError("Project.direction is zero, which is no direction; give it a vector that has one")

    def __call__(self, stream: Tensor, tokens: Tensor) -> Tensor:  # [B, T, D], [B, T] -> [B, T, D]
        unit = normalize(_like("Project.direction", self.direction, stream), dim=0)
        return stream - (stream @ unit)[..., None] * unit


class Edited(GPT):
    """A model with edits: `edits[l]` changes the stream that leaves block l, after the edits that `model` itself may have.

    It is sampled, scored and trained like any other model. It shares the weights of `model` under the same names, so its checkpoints are
    those of `model`, without edits.

    Raises:
        ValueError: if there is no such block; on use, if an edit changes the shape of the stream.
    """

    def __init__(self, model: GPT, edits: Mapping[int, Edit]):
        nn.Module.__init__(self)  # not GPT.__init__, which makes new weights
        for name, module in model.named_children():
            self.add_module(name, module)
        self.config, self.edits, self.before = model.config, dict(edits), model.edited
        if unknown := [layer for layer in edits if type(layer) is not int or layer not in range(len(self.blocks))]:
            raise ValueError(f"edits names block {unknown[0]!r}; there are blocks 0 to {len(self.blocks) - 1}")

    def edited(self, layer: int, stream: Tensor, tokens: Tensor) -> Tensor:  # [B, T, D], [B, T] -> [B, T, D]
        stream = self.before(layer, stream, tokens)
        if layer not in self.edits:
            return stream
        edited = self.edits[layer](stream, tokens)
        if edited.shape != stream.shape:
            raise ValueError(f"the edit of block {layer} gave {tuple(edited.shape)} for {tuple(stream.shape)}; it has to keep the shape")
        return edited


def _check_vector(name: str, vector: Tensor) -> None:
    if not isinstance(vector, Tensor) or vector.dim() != 1 or not vector.is_floating_point() or not bool(vector.isfinite().all()):
        raise ValueError(f"{name} is a tensor [D] of finite floats; found {vector}")


def _like(name: str, vector: Tensor, stream: Tensor) -> Tensor:  # [D], [B, T, D] -> [D]
    """The vector on the device and in the precision of the stream."""
    if vector.shape != stream.shape[-1:]:
        raise ValueError(f"{name} has {len(vector)} numbers; a model of width {stream.shape[-1]} needs as many as that")
    return vector.to(stream)
