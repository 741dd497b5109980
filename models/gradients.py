"""Norm and convolution with their gradients by hand, which read and write memory a third as often as autograd's.

Shapes: R networks, N rows of each, T tokens, D width. The gradients cannot be differentiated again.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

SMALLEST = 1e-6  # added to a mean square


class RootMeanSquare(Function):
    """y = g r x with r = (mean of x^2 + epsilon)^(-1/2).

    With G the gradient of y: dx = r (G g - x r^2 / D * sum of G g x), and dg is the sum of G r x over the tokens.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, gain: Tensor) -> tuple[Tensor, Tensor]:  # [R, N, D], [R, D] -> y [R, N, D], r [R, N, 1]
        square = torch.linalg.vector_norm(x, dim=-1, keepdim=True).square()
        r = (square / x.shape[-1] + SMALLEST).rsqrt()
        return x * r * gain[:, None], r

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: tuple[Tensor, Tensor]) -> None:
        ctx.save_for_backward(*inputs, output[1])
        ctx.mark_non_differentiable(output[1])

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, grad: Tensor, _: Tensor) -> tuple[Tensor, Tensor]:  # [R, N, D] -> [R, N, D], [R, D]
        x, gain, r = ctx.saved_tensors
        product = grad * x
        shrink = (product @ gain[..., None]) * r.square() / -x.shape[-1]  # [R, N, 1]
        return (grad * gain[:, None]).addcmul_(x, shrink).mul_(r), (r.transpose(1, 2) @ product)[:, 0]


class Convolution(Function):
    """y[t] = x[t] + the sum over j of k[j] x[t - C + 1 + j], where k has C taps and x begins with C - 1 earlier tokens.

    With G the gradient of y: dx[t] = G[t] + the sum of k[j] G[t + C - 1 - j], and dk[j] is the sum of G[t] x[t - C + 1 + j].
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, kernel: Tensor) -> Tensor:  # [R, N, C - 1 + T, D], [R, C, D] -> [R, N, T, D]
        C = kernel.shape[1]
        T = x.shape[2] - C + 1
        y = x[:, :, C - 1 :]
        for j in range(C):
            y = (
                torch.addcmul(y, x[:, :, j : j + T], kernel[:, j, None, None])
                if j == 0
                else y.addcmul_(x[:, :, j : j + T], kernel[:, j, None, None])
            )
        return y

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:  # [R, N, T, D] -> [R, N, C - 1 + T, D], [R, C, D]
        x, kernel = ctx.saved_tensors
        C, T = kernel.shape[1], grad.shape[2]
        dx = F.pad(grad, (0, 0, C - 1, 0))
        for j in range(C):
            dx[:, :, j : j + T].addcmul_(grad, kernel[:, j, None, None])
        return dx, torch.stack([(grad * x[:, :, j : j + T]).sum((1, 2)) for j in range(C)], dim=1)
