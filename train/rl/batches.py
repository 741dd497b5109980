"""Rollouts in parts that one pass holds, with every completion in them once: a group seldom says sixteen different things.

Shapes: P groups of a part, G rows of each, N rows that differ.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from train.rl.rollouts import Rollouts


@dataclass(frozen=True)
class Part:
    """Some groups of rollouts, whole."""

    groups: Tensor  # [P] of the rollouts, ascending
    rows: Tensor  # [P * G] of the rollouts: all that these groups have
    distinct: Tensor  # [N] of the rollouts: one row for each completion that differs from those of its group
    owners: Tensor  # [N] the place in `groups` of each of those
    same: Tensor  # [P * G] the place in `distinct` of what each row says


def parts(r: Rollouts, groups: Tensor, size: int) -> Iterator[Part]:
    """The groups [P] in parts of about `size` distinct rows: a group is in one part, the one where its first row falls."""
    device, G = groups.device, r.group
    rows = (groups[:, None] * G + torch.arange(G, device=device)).view(-1)  # [P * G]
    group = torch.arange(len(groups), device=device).repeat_interleave(G)
    said = torch.cat((group[:, None], r.tokens[rows]), dim=1)  # [P * G, 1 + T]
    distinct, same = torch.unique(said, dim=0, return_inverse=True)  # by group, then by words
    every = torch.arange(len(rows), device=device)
    first = every.new_full((len(distinct),), len(rows)).scatter_reduce(0, same, every, "amin")  # [N] the first row that says it
    owners = distinct[:, 0]
    counts = owners.bincount(minlength=len(groups))  # [P]
    until = counts.cumsum(0)
    number = (until - counts) // size  # of the part of each group, ascending
    start = 0
    for many in number.unique_consecutive(return_counts=True)[1].tolist():
        stop = start + many
        here, low, high = slice(start * G, stop * G), int(until[start] - counts[start]), int(until[stop - 1])
        yield Part(groups[start:stop], rows[here], rows[first[low:high]], owners[low:high] - start, same[here] - low)
        start = stop
