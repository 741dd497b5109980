"""Rewards by the judge: for the answer, for the whole derivation, for each of its steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from synthtasks.surfaces import Compact, proving
from synthtasks.surfaces.surface import Tokens
from train.rl.rollouts import Rollouts
from train.run import Run

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Correct:
    """1 for a right answer, whatever its derivation (outcome reward)."""

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return r.at_end(r.correct)


@dataclass(frozen=True)
class Process:
    """1 for a right answer by a right, complete and exact derivation (process reward)."""

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        return r.at_end(r.process)


@dataclass(frozen=True)
class Dense:
    """The share of the steps of the proof that are right, whatever else is said (dense process reward, not gated by the answer).

    Each step counts 1 / n of n, on the last token of the value by which the judge first held it right: so it follows right steps alone.
    arXiv:2512.07783 compares each step alone with the proof, so that a right value after wrong ones counts there.
    """

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        import torch

        found, steps = (torch.from_numpy(x).to(r.tokens.device) for x in _at_once(r) or _one_by_one(r))  # [B, W], [B]
        shares = (1 / steps)[:, None].where(found >= 0, 0.0).to(r.logp)
        return r.logp.new_zeros(r.logp.shape).scatter_add(1, found.clamp(min=0), shares) * r.mask


def _at_once(r: Rollouts) -> tuple[Tokens, Tokens] | None:  # [B, W], [B]
    """As `_one_by_one`, from tokens; None where the judge may accept what these do not show."""
    if r.solutions is None or type(r.surface) is not Compact:
        return None
    solutions = r.solutions.numpy(force=True).repeat(r.group, axis=0)
    found = proving(r.tokens.numpy(force=True), solutions, r.vocab)
    return found.places, found.steps


def _one_by_one(r: Rollouts) -> tuple[Tokens, Tokens]:  # [B, W], [B]
    """The place in each completion of the token that proves each step of the proof, -1 where none does; and the number of steps."""
    proofs = [[step.name for step in r.problems[b // r.group].proof] for b in range(len(r.tokens))]
    places = np.full((len(proofs), max(map(len, proofs))), -1, np.int64)
    for row, proof, trace, verdict in zip(places, proofs, r.traces, r.verdicts, strict=True):
        for assertion, right in zip(trace.assertions, verdict.steps, strict=True):
            if right and assertion.name in proof and row[step := proof.index(assertion.name)] < 0:
                row[step] = assertion.at + assertion.words - 1
    return places, np.array([len(proof) for proof in proofs], np.int64)
