"""A model in two parts: the residual stream as it leaves a block, and the logits that follow from it.

Shapes: B rows, T tokens, D width, V words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from models.gpt import GPT
    from models.layers import Past


def until(model: GPT, block: int, tokens: Tensor, past: Past | None = None) -> Tensor:  # [B, T] -> [B, T, D]
    """The stream that leaves a block, edits of the model included.

    Raises:
        ValueError: if there is no such block.
    """
    if not 0 <= block < len(model.blocks):
        raise ValueError(f"the model has blocks 0 to {len(model.blocks) - 1}; found {block}")
    return _through(model, range(block + 1), model.embed(tokens), tokens, past)


def onward(model: GPT, block: int, stream: Tensor, tokens: Tensor, past: Past | None = None) -> Tensor:  # [B, T, D], [B, T] -> [B, T, D]
    """The stream that leaves the last block, if this one left `block`. `model.head(model.norm(...))` of it are the logits."""
    return _through(model, range(block + 1, len(model.blocks)), stream, tokens, past)


def _through(model: GPT, layers: range, stream: Tensor, tokens: Tensor, past: Past | None) -> Tensor:
    angles = model.rotary(tokens.shape[1], past)
    for layer in layers:
        stream = model.edited(layer, model.blocks[layer](stream, angles, past), tokens)
    return stream
