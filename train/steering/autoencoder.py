"""Autoencoders with TopK features (arXiv:2406.04093): the model, and its fit.

Shapes: N words, F features, D width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from train.policy import torch_rng

if TYPE_CHECKING:
    from torch import Tensor

REVIVED = 2  # times k features without activity share in explaining what the others leave
REVIVAL = 1 / 32  # weight of that part of the loss


@dataclass(frozen=True, eq=False)
class Autoencoder:
    """A word's stream as the sum of `k` of F vectors: z = TopK(encoder (x - bias)), x = z decoder + bias.

    As in the paper's formula there is no other nonlinearity, so that an activity is negative where fewer than `k` are positive.
    """

    encoder: Tensor  # [F, D]
    decoder: Tensor  # [F, D], rows of length 1
    bias: Tensor  # [D]
    k: int

    def encode(self, x: Tensor) -> Tensor:  # [N, D] -> [N, F]
        """The activities of the features: 0 but for `k` of each word."""
        before = (x - self.bias) @ self.encoder.T
        return _most(before, self.k)

    def decode(self, z: Tensor) -> Tensor:  # [N, F] -> [N, D]
        """The stream that these activities stand for."""
        return z @ self.decoder + self.bias

    def explained(self, x: Tensor) -> float:  # [N, D]
        """The share of the variance of these words that it reconstructs."""
        left = (x - self.decode(self.encode(x))).square().sum()
        return 1 - float(left / (x - x.mean(0)).square().sum())


def _most(x: Tensor, k: int) -> Tensor:  # [N, F] -> [N, F]
    """The k largest numbers of each row, 0 elsewhere."""
    found = x.topk(k, dim=1)
    return x.new_zeros(x.shape).scatter(1, found.indices, found.values)


def fit(x: Tensor, features: int, k: int, iterations: int, batch: int, lr: float, seed: int) -> Autoencoder:  # [N, D]
    """An autoencoder of these words. Features that a batch leaves without activity learn to explain what the others leave (AuxK)."""
    import torch

    center, scale = x.mean(0), (x - x.mean(0)).square().mean().sqrt()  # of numbers of size 1, one learning rate suits all models
    y, g, width = ((x - center) / scale).float(), torch_rng("autoencoder", seed), x.shape[1]
    blocks = [torch.linalg.qr(torch.randn(width, width, generator=g)).Q for _ in range(-(-features // width))]
    decoder = torch.cat(blocks)[:features].to(y).requires_grad_()
    encoder, bias = decoder.detach().clone().requires_grad_(), y.new_zeros(width).requires_grad_()
    adam = torch.optim.Adam((encoder, decoder, bias), lr)
    for _ in range(iterations):
        some = y[torch.randint(len(y), (batch,), generator=g).to(y.device)]
        before = (some - bias) @ encoder.T
        z = _most(before, k)
        left = some - z @ decoder - bias
        silent = ~(z != 0).any(0)  # [F]
        loss = left.square().mean()
        if silent.any():
            revived = _most(before * silent, min(REVIVED * k, features))
            loss = loss + REVIVAL * (left.detach() - revived @ decoder).square().mean()
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        with torch.no_grad():
            decoder /= decoder.norm(dim=1, keepdim=True)
    return Autoencoder(encoder.detach(), decoder.detach(), (center + scale * bias).detach(), k)
