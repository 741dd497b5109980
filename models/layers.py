"""The layers of a decoder-only transformer: norm, short convolution, attention with rotary embedding, feed-forward, block.

Shapes: B rows, T new tokens, D width, H heads, K heads of keys and values, d = D / H.
"""

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.config import GPTConfig


class Past(Protocol):
    """Keys, values and convolution inputs of earlier tokens. `models.cache` has one for sampling and one with gradients."""

    def length(self, new: int) -> int: ...  # of the longest row after `new` more tokens

    def positions(self, new: int) -> Tensor: ...  # of the `new` tokens of each row: [B, T] or [1, T]

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Causal attention of queries [B, H, T, d] to past and new keys and values [B, K, T, d]: [B, H, T, d]."""

    def convolve(self, index: int, x: Tensor, size: int) -> Tensor: ...  # [B, T, D] -> [B, size + T, D]


class Norm(nn.Module):
    """Root-mean-square norm with a gain."""

    def __init__(self, width: int):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:  # [..., D] -> [..., D]
        return F.rms_norm(x, (x.shape[-1],), self.gain, 1e-6)


class ShortConvolution(nn.Module):
    """A causal depthwise convolution, added to its input and zero at first (Canon layers, Physics of LMs 4.1)."""

    def __init__(self, width: int, kernel: int, index: int):
        super().__init__()
        self.index = index
        self.kernel = nn.Parameter(torch.zeros(kernel, width))  # [conv, D], the last row weighs the token itself

    def forward(self, x: Tensor, past: Past | None) -> Tensor:  # [B, T, D] -> [B, T, D]
        size, T = len(self.kernel), x.shape[1]
        seen = F.pad(x, (0, 0, size - 1, 0)) if past is None else past.convolve(self.index, x, size - 1)  # [B, conv - 1 + T, D]
        y = x
        for j in range(size):
            y = torch.addcmul(y, seen[:, j : j + T], self.kernel[j])
        return y


class Rotary(nn.Module):
    """Rotary position embedding (arXiv:2104.09864): the angle of each pair of channels at each position, as cosine and sine."""

    angles: Tensor  # [context, d / 2, 2]

    def __init__(self, c: GPTConfig):
        super().__init__()
        half = c.width // c.heads // 2
        frequency = c.rope_base ** (-torch.arange(half, dtype=torch.float64) / half)
        angle = torch.arange(c.context, dtype=torch.float64)[:, None] * frequency
        self.register_buffer("angles", torch.stack((angle.cos(), angle.sin()), dim=-1).float(), persistent=False)

    def forward(self, new: int, past: Past | None) -> Tensor:  # [T, d / 2, 2] or [B or 1, 1, T, d / 2, 2] of `new` tokens
        return self.angles[:new] if past is None else self.angles[past.positions(new)][:, None]


def rotate(x: Tensor, angles: Tensor) -> Tensor:  # [B, H, T, d], [..., T, d/2, 2] -> [B, H, T, d]
    """Rotate each pair of channels i and i + d/2 by the angle of its position."""
    cos, sin = angles.unbind(-1)
    left, right = x.chunk(2, dim=-1)
    return torch.cat((torch.addcmul(left * cos, right, sin, value=-1), torch.addcmul(right * cos, left, sin)), dim=-1)


class Attention(nn.Module):
    """Causal self-attention with rotary position embeddings."""

    def __init__(self, c: GPTConfig):
        super().__init__()
        self.heads, self.kv_heads, self.head = c.heads, c.kv_heads, c.width // c.heads
        self.qkv = nn.Linear(c.width, (c.heads + 2 * c.kv_heads) * self.head, bias=False)
        self.out = nn.Linear(c.width, c.width, bias=False)

    def forward(self, x: Tensor, angles: Tensor, past: Past | None, layer: int) -> Tensor:  # [B, T, D] -> [B, T, D]
        B, T, D = x.shape
        qkv = self.qkv(x).view(B, T, -1, self.head).transpose(1, 2)  # [B, H + 2K, T, d]
        qk, v = qkv.split((self.heads + self.kv_heads, self.kv_heads), dim=1)
        qk = rotate(qk, angles)
        q, k = qk[:, : self.heads], qk[:, self.heads :]
        y = attend(q, k, v) if past is None else past.attend(layer, q, k, v)  # [B, H, T, d]
        return self.out(y.transpose(1, 2).reshape(B, T, D))  # type: ignore[no-any-return]


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:  # [B, H, T, d], [B, K, T, d] twice -> [B, H, T, d]
    """Causal attention of a sequence to itself."""
    return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=q.shape[1] != k.shape[1])


class FeedForward(nn.Module):
    """GELU with an inner width of 4 D, or SwiGLU with 8/3 D, which has equally many parameters."""

    def __init__(self, c: GPTConfig):
        super().__init__()
        self.gated = c.feedforward == "swiglu"
        inner = 8 * c.width // 3 if self.gated else 4 * c.width
        self.up = nn.Linear(c.width, inner * (1 + self.gated), bias=False)
        self.out = nn.Linear(inner, c.width, bias=False)

    def forward(self, x: Tensor) -> Tensor:  # [B, T, D] -> [B, T, D]
        up = self.up(x)
        if not self.gated:
            return self.out(F.gelu(up))  # type: ignore[no-any-return]
        gate, up = up.chunk(2, dim=-1)
        return self.out(F.silu(gate) * up)  # type: ignore[no-any-return]


class Block(nn.Module):
    """Attention, then the feed-forward layer; each reads the stream through a norm and a short convolution."""

    def __init__(self, c: GPTConfig, layer: int):
        super().__init__()
        self.layer = layer
        self.norms = nn.ModuleList((Norm(c.width), Norm(c.width)))
        self.convs = nn.ModuleList(ShortConvolution(c.width, c.conv, 2 * layer + i) for i in range(2) if c.conv)
        self.attention = Attention(c)
        self.feedforward = FeedForward(c)

    def forward(self, x: Tensor, angles: Tensor, past: Past | None) -> Tensor:  # [B, T, D] -> [B, T, D]
        x = x + self.attention(self._input(0, x, past), angles, past, self.layer)
        return x + self.feedforward(self._input(1, x, past))  # type: ignore[no-any-return]

    def _input(self, sublayer: int, x: Tensor, past: Past | None) -> Tensor:  # [B, T, D] -> [B, T, D]
        x = self.norms[sublayer](x)
        return self.convs[sublayer](x, past) if self.convs else x
