"""Norm and convolution with their gradients by hand, which read and write memory a third as often as autograd's.

Shapes: R networks, N rows of each, T tokens, D width. The gradients cannot be differentiated again.
"""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

SMALLEST = 1e-6  # added to a mean square


class _ByHand(Function):
    generate_vmap_rule = True

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs[:2])


def by_hand(function: type[_ByHand], *inputs: Tensor | int) -> Tensor:
    """The value of a function, with its gradient if gradients are enabled. To record it takes longer than the value for a few rows."""
    return (function.apply if torch.is_grad_enabled() else function.forward)(*inputs)  # type: ignore[no-any-return, no-untyped-call]


class RootMeanSquare(_ByHand):
    """y = g r x with r = (mean of x^2 + epsilon)^(-1/2).

    With G the gradient of y: dx = r (G g - x r^2 / D * sum of G g x), and dg is the sum of G r x over the tokens.
    """

    @staticmethod
    def forward(x: Tensor, gain: Tensor) -> Tensor:  # [R, N, D], [R, D] -> [R, N, D]
        return (x * _inverse(x)).mul_(gain[:, None])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:  # [R, N, D] -> [R, N, D], [R, D]
        x, gain = ctx.saved_tensors
        r, product = _inverse(x), grad * x
        shrink = (product @ gain[..., None]) * r.square() / -x.shape[-1]  # [R, N, 1]
        return (grad * gain[:, None]).addcmul_(x, shrink).mul_(r), (r.transpose(1, 2) @ product)[:, 0]


def _inverse(x: Tensor) -> Tensor:  # [R, N, D] -> [R, N, 1]
    norm: Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return (norm.square() / x.shape[-1] + SMALLEST).rsqrt()


class Convolution(_ByHand):
    """y[t] = x[t] + the sum over s of k[C - 1 - s] x[t - s], with C taps k. Before its first token x is 0.

    With G the gradient of y: dx[t] = G[t] + the sum over s of k[C - 1 - s] G[t + s], and dk[C - 1 - s] is the sum over t of G[t] x[t - s].
    The first `earlier` tokens of x have no y.
    """

    @staticmethod
    def forward(x: Tensor, kernel: Tensor, earlier: int) -> Tensor:  # [R, N, earlier + T, D], [R, C, D] -> [R, N, T, D]
        if x.shape[2] == earlier + 1 == kernel.shape[1]:  # a token of sampling: every tap reaches it
            return x[:, :, earlier:] + (x * kernel[:, None]).sum(2, keepdim=True)
        y = x[:, :, earlier:].clone()
        for tap, seen, reached in _pairs(kernel, x, y):
            reached.addcmul_(seen, tap)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:  # [R, N, T, D] -> [R, N, earlier + T, D], [R, C, D]
        x, kernel = ctx.saved_tensors
        dx = F.pad(grad, (0, 0, x.shape[2] - grad.shape[2], 0))
        for tap, seen, reached in _pairs(kernel, dx, grad):
            seen.addcmul_(reached, tap)
        return dx, torch.stack([(reached * seen).sum((1, 2)) for _, seen, reached in _pairs(kernel, x, grad)], dim=1), None


def _pairs(kernel: Tensor, x: Tensor, y: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor]]:  # [R, C, D], [R, N, S, D], [R, N, T, D]
    """For each tap the tap [R, 1, 1, D], the tokens of x that it weighs, and those of y that it reaches."""
    S, T = x.shape[2], y.shape[2]
    for j, tap in enumerate(kernel.unbind(1)):
        shift = kernel.shape[1] - 1 - j
        reached = max(min(T, S - shift), 0)
        yield tap[:, None, None], x[:, :, max(S - shift - reached, 0) :][:, :, :reached], y[:, :, T - reached :]
