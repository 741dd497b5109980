"""A small decoder-only transformer with a short convolution.

Shapes: B rows, T new tokens, D width, V words.
"""

import math
from typing import Protocol

import torch
from torch import Tensor, nn

from models.config import GPTConfig
from models.layers import Block, Embedding, Linear, Norm, Past, Rotary


class LanguageModel(Protocol):
    """A model that gives logits of the next token after each token: a `GPT`, or a replacement for one."""

    @property
    def config(self) -> GPTConfig: ...

    @property
    def device(self) -> torch.device: ...  # of the weights

    def __call__(self, tokens: Tensor, past: Past | None = None) -> Tensor: ...  # [B, T] -> [B, T, V]


class GPT(nn.Module):
    """A decoder-only transformer. The initial weights depend only on its generator."""

    def __init__(self, c: GPTConfig, g: torch.Generator):
        super().__init__()
        self.config = c
        self.embed = Embedding(c.vocab, c.width)
        self.blocks = nn.ModuleList(Block(c, layer) for layer in range(c.layers))
        self.norm = Norm(c.width)
        self.head = Linear(c.width, c.vocab)
        self.rotary = Rotary(c)
        for name, weight in self.named_parameters():
            if weight.dim() == 2 and "convs" not in name:
                deviation = 1.0 if name == "embed.weight" else weight.shape[1] ** -0.5
                smaller = math.sqrt(2 * c.layers) if name.endswith("out.weight") else 1.0  # all of them add to the same stream
                nn.init.normal_(weight, std=deviation / smaller, generator=g)

    @property
    def device(self) -> torch.device:
        return self.head.weight.device

    @property
    def networks(self) -> int:
        """R, the networks of a stack; 1 for a single one."""
        return len(self.head.weight) if self.head.weight.dim() == 3 else 1

    def forward(self, tokens: Tensor, past: Past | None = None) -> Tensor:  # [B, T] -> [B, T, V]
        """The logits of the token that follows each of `tokens`. The tokens follow `past`.

        Raises:
            ValueError: if the tokens have another shape, or the sequence is longer than the context.
        """
        if tokens.dim() != 2:
            raise ValueError(f"tokens must be [B, T]; found shape {tuple(tokens.shape)}")
        T = tokens.shape[1]
        length = T if past is None else past.length(T)
        if length > self.config.context:
            raise ValueError(f"a sequence of {length} tokens exceeds the context of {self.config.context}; raise GPTConfig.context")
        angles = self.rotary(T, past)
        x = self.embed(tokens)  # [B, T, D]
        for layer, block in enumerate(self.blocks):
            x = self.edited(layer, block(x, angles, past), tokens)
        return self.head(self.norm(x))  # type: ignore[no-any-return]

    def edited(self, layer: int, stream: Tensor, tokens: Tensor) -> Tensor:  # [B, T, D], [B, T] -> [B, T, D]
        """The residual stream after a block: unchanged, except in `models.edits.Edited`."""
        return stream
