"""Two sets of weights: how many of them are equal, and how concentrated the difference is.

Weights are tensors by name, with equal names and shapes in both sets. N is the number of all weights.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    Weights = Mapping[str, Tensor]

TOLERANCE = 1e-3  # relative: less than the distance of neighbours in bfloat16, 2^-8 to 2^-7 (arXiv:2511.08567)
FEW = 0.01  # of the weights


def in_a_row(weights: Weights) -> Tensor:  # [N]
    """All weights in double precision, tensor by tensor in the order of their names.

    Raises:
        ValueError: if there is none.
    """
    import torch

    if not weights:
        raise ValueError("expected the weights of a policy; found none")
    return torch.cat([weights[name].detach().double().flatten() for name in sorted(weights)])


def difference(before: Weights, after: Weights) -> Tensor:  # [N]
    """The weights after less those before.

    Raises:
        ValueError: if names or shapes differ.
    """
    if {name: x.shape for name, x in before.items()} != {name: x.shape for name, x in after.items()}:
        raise ValueError(f"weights of one model are compared; found tensors {sorted(before)[:3]} and {sorted(after)[:3]} of other shapes")
    return in_a_row(after) - in_a_row(before)


def in_bfloat16(weights: Weights) -> Weights:
    """The weights rounded to bfloat16, as most models are published."""
    return {name: x.bfloat16() for name, x in weights.items()}


def unchanged(before: Weights, after: Weights) -> float:
    """The share of the weights that are exactly equal; of both in bfloat16 it is the sparsity that arXiv:2505.11711 reports."""
    return float((difference(before, after) == 0).double().mean())


def alike(before: Weights, after: Weights, tolerance: float = TOLERANCE) -> float:
    """The share of the weights with |w - w'| <= tolerance * max(|w|, |w'|)."""
    change = difference(before, after).abs()
    return float((change <= tolerance * in_a_row(before).abs().maximum(in_a_row(after).abs())).double().mean())


def concentration(before: Weights, after: Weights, share: float = FEW) -> float:
    """The share of the squared norm of the difference that lies in its largest entries, a share of all weights (at least one weight).

    It has no scale: an update twice as long is as concentrated. Of independent normal changes the largest 1 % hold .085. NaN, where no
    weight differs.
    """
    squares = difference(before, after).square().sort(descending=True).values
    return float(squares[: max(1, math.floor(share * len(squares)))].sum() / squares.sum())


def participation(before: Weights, after: Weights) -> float:
    """The participation ratio of the difference d, (sum d^2)^2 / (N sum d^4): the share of the weights that differ, if these differ equally
    much. Of independent normal changes it is 1/3. NaN, where no weight differs."""
    squares = difference(before, after).square()
    squares = squares / squares.max()  # their squares may be smaller than a number can be
    return float(squares.sum() ** 2 / (len(squares) * squares.square().sum()))
