"""Tensors that parts of an algorithm give are checked once, where they come in: what broadcasts would be learned from without a word."""

from torch import Tensor


def fitting(what: str, by: object, x: Tensor, like: Tensor, mask: Tensor | None = None) -> Tensor:  # [B, T] each -> [B, T]
    """`x`, which `by` gave as its `what`: floats of the shape and on the device of `like`, all finite, and zero where `mask` is false.

    Raises:
        ValueError: naming the object, what was expected, and what was found.
    """
    if not isinstance(x, Tensor):
        raise ValueError(f"the {what} {by} gave {x!r} ({type(x).__name__}); expected {_form(like)}")
    if x.shape != like.shape or x.device != like.device or not x.is_floating_point():
        place = "" if x.device == like.device else f" on {x.device}"
        raise ValueError(f"the {what} {by} gave {list(x.shape)} {x.dtype}{place}; expected {_form(like)}")
    wrong = ~x.isfinite() if mask is None else ~x.isfinite() | ((x != 0) & ~mask)  # in one, for a GPU is waited for where it is asked
    if wrong.any():
        row, token = wrong.nonzero()[0].tolist()
        value = x[row, token].item()
        behind = bool(x[row, token].isfinite())
        expected = "zero there, behind the end of the completion: multiply by its mask" if behind else "finite numbers"
        raise ValueError(f"the {what} {by} gave {value} at token {token} of row {row} (from 0); expected {expected}")
    return x


def _form(like: Tensor) -> str:
    return f"{list(like.shape)} float on {like.device}"
