"""Matrices before and after learning: the rank of the update, and the angles between their leading singular subspaces."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def stable_rank(matrix: Tensor) -> float:  # [M, N]
    """The squared Frobenius norm over the squared spectral norm: 1 of a matrix of rank one, n of n equal singular values. NaN of zero."""
    import torch

    squares = torch.linalg.svdvals(matrix.detach().double()).square()
    return float(squares.sum() / squares[0])


def principal_angles(before: Tensor, after: Tensor, rank: int) -> Tensor:  # [M, N] each -> [rank]
    """The angles in degrees, ascending, between the spaces of the first `rank` left singular vectors of two matrices; of transposed
    matrices, between those of the right ones (arXiv:2511.08567).

    Raises:
        ValueError: if the matrices have no so many.
    """
    import torch

    if not 1 <= rank <= min(before.shape):
        raise ValueError(f"a matrix of shape {tuple(before.shape)} has 1 to {min(before.shape)} singular vectors; found {rank}")
    first, second = (torch.linalg.svd(x.detach().double(), full_matrices=False).U[:, :rank] for x in (before, after))
    sines = torch.linalg.svdvals(second - first @ (first.T @ second)).flip(0)  # exact near 0, where cosines are flat
    cosines = torch.linalg.svdvals(first.T @ second)
    return torch.atan2(sines, cosines) * 180 / math.pi
