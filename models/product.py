"""The product of tokens and a matrix by oneDNN, which uses wider vector instructions on every CPU that has them.

The library of torch's own products (MKL) does so on the processors of one maker only; on the others it is half as fast.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable


MANY = 256  # tokens below which the call of oneDNN costs more than it saves
LARGE = 1 << 13  # weights, likewise for their gradient


def suits(x: Tensor) -> bool:  # [B, T, D]
    """If oneDNN multiplies x faster, in full precision."""
    fits = x.device.type == "cpu" and x.dtype == torch.float32 and x.shape[0] * x.shape[1] >= MANY
    return fits and torch.backends.mkldnn.is_available() and not torch.is_autocast_enabled("cpu")


class Product(Function):
    """y = x w'. With G the gradient of y: dx = G w, and dw = G' x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:  # [N, in], [out, in] -> [N, out]
        ctx.save_for_backward(x, weight)
        return _times(x, weight)

    @staticmethod
    @once_differentiable  # type: ignore[untyped-decorator]
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:  # [N, out] -> [N, in], [out, in]
        x, weight = ctx.saved_tensors
        dx = _times(grad, weight.t().contiguous())
        if weight.numel() < LARGE:
            return dx, grad.t() @ x
        return dx, torch.ops.aten.mkldnn_linear_backward_weights(grad.to_mkldnn(), x.to_mkldnn(), weight, False)[0].to_dense()


def _times(x: Tensor, weight: Tensor) -> Tensor:  # [N, in], [out, in] -> [N, out]
    return torch.ops.mkldnn._linear_pointwise(x, weight, None, "none", [], "")
