"""Micro-batches of rollouts. Each distinct completion of a group is computed once, since many are equal.

Shapes: P groups of a micro-batch, G rows of each, N rows that differ, T tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.cost import Passed, passed
from train.ledger import as_bytes
from train.rl.rollouts import Rollouts
from train.run import Run

if TYPE_CHECKING:
    from torch import Tensor

    from models.gpt import LanguageModel


@dataclass(frozen=True)
class MicroBatch:
    """Some whole groups of rollouts."""

    groups: Tensor  # [P] of the rollouts, ascending
    rows: Tensor  # [P * G] of the rollouts: all that these groups have
    distinct: Tensor  # [N] of the rollouts: one row for each completion that differs from those of its group
    owners: Tensor  # [N] the place in `groups` of each of those
    same: Tensor  # [P * G] the place in `distinct` of each row's completion


def micro_batches(r: Rollouts, groups: Tensor, size: int) -> Iterator[MicroBatch]:
    """The groups [P] in micro-batches of about `size` distinct rows. A group is never split."""
    import torch

    device, G = groups.device, r.group
    rows = r.rows(groups)  # [P * G]
    group = torch.arange(len(groups), device=device).repeat_interleave(G)
    completions = torch.cat((group[:, None], r.tokens[rows]), dim=1)  # [P * G, 1 + T]
    _, at, places = np.unique(as_bytes(completions), return_index=True, return_inverse=True)  # by group, then by words
    first, same = (torch.from_numpy(x).to(device) for x in (at, places))  # [N] the first row of each completion
    owners = group[first]
    counts = owners.bincount(minlength=len(groups))  # [P]
    until = counts.cumsum(0)
    number = (until - counts) // size  # of the micro-batch of each group, ascending
    start = 0
    for many in np.unique(number.cpu().numpy(), return_counts=True)[1].tolist():
        stop = start + many
        here, low, high = slice(start * G, stop * G), int(until[start] - counts[start]), int(until[stop - 1])
        yield MicroBatch(groups[start:stop], rows[here], rows[first[low:high]], owners[low:high] - start, same[here] - low)
        start = stop


def batch_passed(r: Rollouts, batch: MicroBatch) -> Passed:
    """The cost of a micro-batch: its prompts, and its distinct completions but for their last tokens."""
    prompts = r.prompt_lengths[batch.groups]
    return passed(prompts) + passed(r.lengths[batch.distinct] - 1, prompts[batch.owners])


def batch_logp(model: LanguageModel, r: Rollouts, batch: MicroBatch, temperature: float) -> Tensor:  # [P * G, T]
    """The log-probability under `model` of every token in the rows of a micro-batch; meaningless off the mask."""
    from models.sampling import chosen_logp, completion_logits

    there = (r.prompts[batch.groups], r.prompt_lengths[batch.groups], r.tokens[batch.distinct], batch.owners)
    prompts, lengths, tokens, owners = (x.to(model.device) for x in there)
    logits = completion_logits(model, prompts, lengths, tokens, owners)
    return chosen_logp(logits / temperature, tokens).to(r.logp.device)[batch.same]


def completion_logp(run: Run, model: LanguageModel, r: Rollouts, temperature: float = 1.0) -> Tensor:  # [B, T]
    """The log-probability under `model` of each token that the policy chose, 0 elsewhere. The cost is added to the run's ledger."""
    import torch

    logp = torch.zeros_like(r.logp)
    for batch in micro_batches(r, torch.arange(len(r.problems), device=r.tokens.device), run.context.machine.rows):
        run.ledger.forward(batch_passed(r, batch), model.config)
        with torch.no_grad():
            logp[batch.rows] = batch_logp(model, r, batch, temperature).to(logp)
    return logp * r.mask
