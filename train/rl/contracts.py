"""Checks of the tensors that the parts of an algorithm return. A wrong shape would broadcast, and be learned from silently."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


PATH = ("seed", "iteration", "draw")  # names of the numbers in the path of rollouts


def fitting(
    what: str, by: object, x: Tensor, like: Tensor, mask: Tensor | None = None, path: tuple[str | int, ...] = ()
) -> Tensor:  # [B, T] each -> [B, T]
    """Check `x`, which `by` returned as its `what`: floats with the shape and device of `like`, finite, and zero off the mask.

    Raises:
        ValueError: naming the object, the iteration (from the rollouts' `path`), what was expected, and what was found.
    """
    import torch
    from torch import Tensor

    who = f"the {what} {by}" + "".join(f", {name} {at}" for name, at in zip(PATH, path, strict=False)) + ("," if path else "")
    if not isinstance(x, Tensor):
        raise ValueError(f"{who} gave {x!r} ({type(x).__name__}); expected {_form(like)}")
    if x.shape != like.shape or x.device != like.device or not x.is_floating_point():
        place = "" if x.device == like.device else f" on {x.device}"
        raise ValueError(f"{who} gave {list(x.shape)} {x.dtype}{place}; expected {_form(like)}")
    if x.is_cuda and torch.cuda.is_current_stream_capturing():  # no value can be looked at; the value of the loss is, after each pass
        return x
    wrong = ~x.isfinite() if mask is None else ~x.isfinite() | ((x != 0) & ~mask)  # in one test: each makes the CPU wait for the GPU
    if wrong.any():
        row, token = wrong.nonzero()[0].tolist()
        value = x[row, token].item()
        unchosen = bool(x[row, token].isfinite())
        expected = "zero there, where the policy chose no word: multiply by the rollouts' mask" if unchosen else "finite numbers"
        raise ValueError(f"{who} gave {value} at token {token} of row {row} (from 0); expected {expected}")
    return x


def _form(like: Tensor) -> str:
    return f"{list(like.shape)} float on {like.device}"
