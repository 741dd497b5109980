"""The layers of a decoder-only transformer: norm, short convolution, attention with rotary embedding, feed-forward, block.

In a stack of R networks (`models.stack`) every weight has a leading axis, and B rows are those of the first network, then those of the
second, and so on, equally many. Only the layers that hold weights tell the networks apart.

Shapes: B rows, T new tokens, D width, H heads, K heads of keys and values, d = D / H.
"""

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.config import GPTConfig
from models.gradients import SMALLEST, Convolution, RootMeanSquare, by_hand

IMAGES = 16  # fewer images torch does not give to oneDNN
FEWEST = 512  # tokens for which a call of oneDNN saves more than it costs


class Past(Protocol):
    """Keys, values and convolution inputs of earlier tokens. `models.cache` has one for sampling and one with gradients."""

    def length(self, new: int) -> int: ...  # of the longest row after `new` more tokens

    def positions(self, new: int) -> Tensor: ...  # of the `new` tokens of each row: [B, T] or [1, T]

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """Causal attention of queries [B, H, T, d] to past and new keys and values [B, K, T, d]: [B, H, T, d]."""

    def convolve(self, index: int, x: Tensor, size: int) -> Tensor: ...  # [B, T, D] -> [B, size + T, D]


class Linear(nn.Module):
    """A product with a matrix, without bias."""

    def __init__(self, inner: int, outer: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outer, inner))  # [out, in], or [R, out, in]

    def forward(self, x: Tensor) -> Tensor:  # [B, T, in] -> [B, T, out]
        if self.weight.dim() == 3:
            rows = x.reshape(len(self.weight), -1, x.shape[-1])  # [R, B / R * T, in]
            return torch.bmm(rows, self.weight.transpose(1, 2)).view(*x.shape[:-1], -1)
        return _convolved(x, self.weight, many) if (many := _images(x)) else F.linear(x, self.weight)


def _images(x: Tensor) -> int:  # [B, T, D]
    """Images of `_convolved`, or 0 where it is not possible or not faster than `F.linear`."""
    tokens = x.shape[0] * x.shape[1]
    many = IMAGES if tokens % IMAGES == 0 else len(x)
    fast = x.device.type == "cpu" and x.dtype == torch.float32 and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return many if fast and many >= IMAGES and tokens >= max(FEWEST, 8 * many) else 0


def _convolved(x: Tensor, weight: Tensor, images: int) -> Tensor:  # [B, T, in], [out, in] -> [B, T, out]
    """`F.linear` as a convolution of N images of n pixels with a kernel of one pixel, for which torch calls oneDNN on a CPU. For products
    it calls MKL, which on processors of other makers than its own leaves half of the vector width unused."""
    pixels = x.reshape(images, -1, 1, x.shape[-1]).permute(0, 3, 1, 2)  # [N, in, n, 1]
    return F.conv2d(pixels, weight[..., None, None]).permute(0, 2, 3, 1).reshape(*x.shape[:-1], -1)


class Embedding(nn.Module):
    """A vector for each word."""

    def __init__(self, words: int, width: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(words, width))  # [V, D], or [R, V, D]

    def forward(self, tokens: Tensor) -> Tensor:  # [B, T] -> [B, T, D]
        if self.weight.dim() == 2:
            return F.embedding(tokens, self.weight)
        R, V, _ = self.weight.shape
        first = torch.arange(0, R * V, V, device=tokens.device)[:, None, None]  # the place of each network's first word
        return F.embedding((tokens.view(R, -1, tokens.shape[1]) + first).view(tokens.shape), self.weight.flatten(0, 1))


class Norm(nn.Module):
    """Root-mean-square norm with a gain."""

    def __init__(self, width: int):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))  # [D], or [R, D]

    def forward(self, x: Tensor) -> Tensor:  # [B, T, D] -> [B, T, D]
        gain = self.gain.view(-1, x.shape[-1])  # [R, D]
        rows = x.reshape(len(gain), -1, x.shape[-1])  # [R, B / R * T, D]
        if x.is_cuda:  # where torch has one kernel for it
            return (F.rms_norm(rows, rows.shape[-1:], None, SMALLEST) * gain[:, None]).view(x.shape)
        return by_hand(RootMeanSquare, rows, gain).view(x.shape)


class ShortConvolution(nn.Module):
    """A causal depthwise convolution, added to its input and zero at first (Canon layers, Physics of LMs 4.1)."""

    def __init__(self, width: int, kernel: int, index: int):
        super().__init__()
        self.index = index
        self.kernel = nn.Parameter(torch.zeros(kernel, width))  # [conv, D] or [R, conv, D]; the last row weighs the token itself

    def forward(self, x: Tensor, past: Past | None) -> Tensor:  # [B, T, D] -> [B, T, D]
        kernel = self.kernel.view(-1, *self.kernel.shape[-2:])  # [R, conv, D]
        earlier = 0 if past is None else kernel.shape[1] - 1
        seen = x if past is None else past.convolve(self.index, x, earlier)  # [B, earlier + T, D]
        return by_hand(Convolution, seen.reshape(len(kernel), -1, *seen.shape[1:]), kernel, earlier).view(x.shape)


class Rotary(nn.Module):
    """Rotary position embedding (arXiv:2104.09864): the angle of each channel at each position, as cosine and signed sine."""

    angles: Tensor  # [context, 2, d]

    def __init__(self, c: GPTConfig):
        super().__init__()
        half = c.width // c.heads // 2
        frequency = c.rope_base ** (-torch.arange(half, dtype=torch.float64) / half)
        angle = torch.arange(c.context, dtype=torch.float64)[:, None] * frequency
        cos, sin = torch.cat((angle, angle), dim=1).cos(), torch.cat((-angle, angle), dim=1).sin()
        self.register_buffer("angles", torch.stack((cos, sin), dim=1).float(), persistent=False)

    def forward(self, new: int, past: Past | None) -> Tensor:  # [T, 2, d] or [B or 1, T, 2, d] of `new` tokens
        return self.angles[:new] if past is None else self.angles[past.positions(new)]


def rotate(x: Tensor, angles: Tensor) -> Tensor:  # [B, T, H, d], [..., T, 2, d] -> [B, T, H, d]
    """Rotate each pair of channels i and i + d/2 by the angle of its position."""
    cos, sin = angles[..., None, :].unbind(-3)  # [..., T, 1, d] each
    left, right = x.chunk(2, dim=-1)
    return (x * cos).addcmul_(torch.cat((right, left), dim=-1), sin)


class Attention(nn.Module):
    """Causal self-attention with rotary position embeddings."""

    def __init__(self, c: GPTConfig):
        super().__init__()
        self.heads, self.kv_heads, self.head = c.heads, c.kv_heads, c.width // c.heads
        self.qkv = Linear(c.width, (c.heads + 2 * c.kv_heads) * self.head)
        self.out = Linear(c.width, c.width)

    def forward(self, x: Tensor, angles: Tensor, past: Past | None, layer: int) -> Tensor:  # [B, T, D] -> [B, T, D]
        B, T, D = x.shape
        qk, v = self.qkv(x).view(B, T, -1, self.head).split((self.heads + self.kv_heads, self.kv_heads), dim=2)
        q, k = rotate(qk, angles).split((self.heads, self.kv_heads), dim=2)  # type: ignore[no-untyped-call]
        q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)  # [B, H, T, d], [B, K, T, d] twice
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
        self.up = Linear(c.width, inner * (1 + self.gated))
        self.out = Linear(inner, c.width)

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
