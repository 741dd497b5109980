"""The shape of a model. This file does not import torch, which is slow, so that listing studies does not wait for it."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

Activation = Literal["gelu", "swiglu"]
LEAST = {"vocab": 1, "width": 1, "layers": 1, "heads": 1, "kv_heads": 1, "conv": 0, "context": 1}


@dataclass(frozen=True)
class GPTConfig:
    """The shape of a `GPT`.

    Raises:
        ValueError: if a field has a wrong value, or the numbers of heads do not divide the width or each other.
    """

    vocab: int
    width: int = 64
    layers: int = 2
    heads: int = 4
    kv_heads: int = 4  # fewer than `heads`: grouped-query attention
    feedforward: Activation = "gelu"
    conv: int = 4  # kernel of the short convolution, in tokens; 0 for none (a Llama-shaped model)
    context: int = 256  # the longest sequence
    rope_base: float = 10_000.0

    def __post_init__(self) -> None:
        for name, least in LEAST.items():
            number = getattr(self, name)
            if type(number) is not int or number < least:
                raise ValueError(f"GPTConfig.{name} is an int of at least {least}; found {number!r}")
        if self.feedforward not in get_args(Activation):
            raise ValueError(f"GPTConfig.feedforward is one of {', '.join(map(repr, get_args(Activation)))}; found {self.feedforward!r}")
        if type(self.rope_base) not in (int, float) or not 0 < self.rope_base < math.inf:
            raise ValueError(f"GPTConfig.rope_base is a finite number above 0; found {self.rope_base!r}")
        if self.width % (2 * self.heads) or self.heads % self.kv_heads:
            found = f"width={self.width}, heads={self.heads}, kv_heads={self.kv_heads}"
            raise ValueError(f"the width must be a multiple of 2 * heads, and heads a multiple of kv_heads; found {found}")
