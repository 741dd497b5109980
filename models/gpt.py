"""A small decoder-only transformer with a short convolution. Knows token ids, and nothing of tasks.

Shapes: B rows, T new tokens, D width, H heads, K heads of keys and values, d = D / H, V words.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Activation = Literal["gelu", "swiglu"]
LEAST = {"vocab": 1, "width": 1, "layers": 1, "heads": 1, "kv_heads": 1, "conv": 0, "context": 1}


@dataclass(frozen=True)
class GPTConfig:
    """The shape of a `GPT`.

    Raises:
        ValueError: if a field has no such value, or the numbers of heads do not divide the width, or each other.
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
            raise ValueError(
                f"the width must be a multiple of 2 * heads, and heads a multiple of kv_heads; "
                f"found width={self.width}, heads={self.heads}, kv_heads={self.kv_heads}"
            )


class Edit(Protocol):
    """Rewrites the residual stream as it leaves a block: steering, ablation, probes."""

    def __call__(self, stream: Tensor, tokens: Tensor) -> Tensor: ...  # [B, T, D], [B, T] -> [B, T, D]


class Past(Protocol):
    """What earlier tokens left behind. `models.cache` has one for sampling and one that carries gradients."""

    def length(self, new: int) -> int: ...  # of the longest row, once it has `new` more tokens

    def positions(self, new: int) -> Tensor: ...  # of the `new` tokens of each row: [B, T] or [1, T]

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Causal attention of queries [B, H, T, d] to past and new keys and values [B, K, T, d]: [B, H, T, d]."""

    def convolve(self, place: int, x: Tensor, size: int) -> Tensor: ...  # [B, T, D] -> [B, size + T, D]


class Norm(nn.Module):
    """Root-mean-square norm with a gain."""

    def __init__(self, width: int):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:  # [..., D] -> [..., D]
        return F.rms_norm(x, (x.shape[-1],), self.gain, 1e-6)


class ShortConvolution(nn.Module):
    """A causal depthwise convolution, added to its input and zero at first (Canon layers, Physics of LMs 4.1)."""

    def __init__(self, width: int, kernel: int, place: int):
        super().__init__()
        self.place = place
        self.kernel = nn.Parameter(torch.zeros(kernel, width))  # [conv, D], the last row for the token itself

    def forward(self, x: Tensor, past: Past | None) -> Tensor:  # [B, T, D] -> [B, T, D]
        size, T = len(self.kernel), x.shape[1]
        seen = F.pad(x, (0, 0, size - 1, 0)) if past is None else past.convolve(self.place, x, size - 1)  # [B, conv - 1 + T, D]
        y = x
        for j in range(size):
            y = torch.addcmul(y, seen[:, j : j + T], self.kernel[j])
        return y


class Attention(nn.Module):
    """Causal self-attention with rotary positions."""

    def __init__(self, c: GPTConfig):
        super().__init__()
        self.heads, self.kv_heads, self.head = c.heads, c.kv_heads, c.width // c.heads
        self.qkv = nn.Linear(c.width, (c.heads + 2 * c.kv_heads) * self.head, bias=False)
        self.out = nn.Linear(c.width, c.width, bias=False)

    def forward(self, x: Tensor, turn: Tensor, past: Past | None, layer: int) -> Tensor:  # [B, T, D] -> [B, T, D]
        B, T, D = x.shape
        qkv = self.qkv(x).view(B, T, -1, self.head).transpose(1, 2)  # [B, H + 2K, T, d]
        qk, v = qkv.split((self.heads + self.kv_heads, self.kv_heads), dim=1)
        qk = rotate(qk, turn)
        q, k = qk[:, : self.heads], qk[:, self.heads :]
        y = attend(q, k, v) if past is None else past.attend(layer, q, k, v)  # [B, H, T, d]
        merged: Tensor = self.out(y.transpose(1, 2).reshape(B, T, D))
        return merged


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:  # [B, H, T, d], [B, K, T, d] twice -> [B, H, T, d]
    """Causal attention with nothing before."""
    return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=q.shape[1] != k.shape[1])


class FeedForward(nn.Module):
    """Four times as wide inside: GELU, or SwiGLU at 8/3 with as many parameters."""

    def __init__(self, c: GPTConfig):
        super().__init__()
        self.gated = c.feedforward == "swiglu"
        inner = 8 * c.width // 3 if self.gated else 4 * c.width
        self.up = nn.Linear(c.width, inner * (1 + self.gated), bias=False)
        self.out = nn.Linear(inner, c.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:  # [B, T, D] -> [B, T, D]
        up: Tensor = self.up(x)
        if self.gated:
            gate, up = up.chunk(2, dim=-1)
            inner = F.silu(gate) * up
        else:
            inner = F.gelu(up)
        out: Tensor = self.out(inner)
        return out


class Block(nn.Module):
    """Attention, then the feed-forward net; each reads the stream through a norm and a short convolution."""

    def __init__(self, c: GPTConfig, layer: int):
        super().__init__()
        self.layer = layer
        self.norms = nn.ModuleList((Norm(c.width), Norm(c.width)))
        self.convs = nn.ModuleList(ShortConvolution(c.width, c.conv, 2 * layer + i) for i in range(2) if c.conv)
        self.attention = Attention(c)
        self.feedforward = FeedForward(c)

    def forward(self, x: Tensor, turn: Tensor, past: Past | None) -> Tensor:  # [B, T, D] -> [B, T, D]
        x = x + self.attention(self._read(0, x, past), turn, past, self.layer)
        return x + self.feedforward(self._read(1, x, past))  # type: ignore[no-any-return]

    def _read(self, part: int, x: Tensor, past: Past | None) -> Tensor:
        x = self.norms[part](x)
        return self.convs[part](x, past) if self.convs else x


class GPT(nn.Module):
    """Logits of the next token. Initialised from the generator it is given, and from nothing else."""

    turns: Tensor  # [context, d / 2, 2] cosine and sine of each position's rotation

    def __init__(self, c: GPTConfig, g: torch.Generator):
        super().__init__()
        self.config = c
        self.embed = nn.Embedding(c.vocab, c.width)
        self.blocks = nn.ModuleList(Block(c, layer) for layer in range(c.layers))
        self.norm = Norm(c.width)
        self.head = nn.Linear(c.width, c.vocab, bias=False)
        self.register_buffer("turns", rotations(c), persistent=False)
        for name, weight in self.named_parameters():
            if weight.dim() == 2 and "convs" not in name:
                deviation = 1.0 if name == "embed.weight" else weight.shape[1] ** -0.5
                smaller = math.sqrt(2 * c.layers) if name.endswith("out.weight") else 1.0  # each adds to one stream
                nn.init.normal_(weight, std=deviation / smaller, generator=g)

    def forward(self, tokens: Tensor, past: Past | None = None, edits: Mapping[int, Edit] | None = None) -> Tensor:
        """Logits [B, T, V] for tokens [B, T] that come after `past`. `edits[l]` rewrites the stream that leaves block l.

        Raises:
            ValueError: if the tokens have another shape, the sequence is longer than the context, there is no block that
                is to be edited, or an edit changes the shape of the stream.
        """
        if tokens.dim() != 2:
            raise ValueError(f"tokens must be [B, T]; found shape {tuple(tokens.shape)}")
        if strange := [layer for layer in edits or () if layer not in range(len(self.blocks))]:
            raise ValueError(f"edits names block {strange[0]}; there are blocks 0 to {len(self.blocks) - 1}")
        T = tokens.shape[1]
        length = T if past is None else past.length(T)
        if length > self.config.context:
            raise ValueError(f"a sequence of {length} tokens exceeds the context of {self.config.context}; raise GPTConfig.context")
        turn = self.turns[:T] if past is None else self.turns[past.positions(T)][:, None]  # [T, d/2, 2] or [B or 1, 1, T, d/2, 2]
        x = self.embed(tokens)  # [B, T, D]
        for layer, block in enumerate(self.blocks):
            x = block(x, turn, past)
            if edits is not None and layer in edits:
                edited = edits[layer](x, tokens)
                if edited.shape != x.shape:
                    raise ValueError(f"the edit of block {layer} gave {tuple(edited.shape)} for {tuple(x.shape)}")
                x = edited
        return self.head(self.norm(x))  # type: ignore[no-any-return]


def rotations(c: GPTConfig) -> Tensor:  # [context, d / 2, 2]
    """Rotary positions (arXiv:2104.09864): the angle of each pair of channels at each position, as cosine and sine."""
    half = c.width // c.heads // 2
    frequency = c.rope_base ** (-torch.arange(half, dtype=torch.float64) / half)
    angle = torch.arange(c.context, dtype=torch.float64)[:, None] * frequency
    return torch.stack((angle.cos(), angle.sin()), dim=-1).float()


def rotate(x: Tensor, turn: Tensor) -> Tensor:  # [B, H, T, d], [..., T, d/2, 2] -> [B, H, T, d]
    """Turn channel i and channel i + d/2 together, by the angle of their position."""
    cos, sin = turn.unbind(-1)
    left, right = x.chunk(2, dim=-1)
    return torch.cat((torch.addcmul(left * cos, right, sin, value=-1), torch.addcmul(right * cos, left, sin)), dim=-1)
