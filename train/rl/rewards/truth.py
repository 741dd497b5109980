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

    Each of n steps counts 1 / n, on the last token of the value by which the judge first held it right: so it follows right steps alone.
    arXiv:2512.07783 compares each step alone with the proof, so that a right value after wrong ones counts there. Steps that the prompt
    gives are not counted.
    """

    def __call__(self, r: Rollouts, run: Run) -> Tensor:  # [B, T]
        import torch

        places, steps = (torch.from_numpy(x).to(r.tokens.device) for x in _at_once(r) or _one_by_one(r))  # [B, W], [B]
        begun = r.begun.repeat_interleave(r.group)[:, None]  # [B, 1]
        left = steps - ((places >= 0) & (places < begun)).sum(1)  # [B]
        shares = (1 / left)[:, None].where(places >= begun, 0.0).to(r.logp)
        return r.logp.new_zeros(r.logp.shape).scatter_add(1, (places - begun).clamp(min=0), shares) * r.mask


def _at_once(r: Rollouts) -> tuple[Tokens, Tokens] | None:  # [B, W], [B]
    """As `_one_by_one`, from tokens; None where the judge may accept what these do not show."""
    if r.solutions is None or type(r.surface) is not Compact:
        return None
    tokens, solutions = (_after_the_given(x.numpy(force=True), r) for x in (r.tokens, r.solutions))
    found = proving(tokens, solutions.repeat(r.group, axis=0), r.vocab)
    return found.places, found.steps


def _after_the_given(rows: Tokens, r: Rollouts) -> Tokens:  # [N, T] -> [N, K + T], for N = P or B
    """Completions or solutions after the tokens that the prompt gives of each, K of them at most."""
    often = len(rows) // len(r.problems)
    begun, ends, prompts = (x.numpy(force=True).repeat(often, axis=0) for x in (r.begun, r.prompt_lengths, r.prompts))
    before = np.arange(prompts.shape[1]) - ends[:, None]  # [N, S] of the prompt's end
    place = np.arange(begun.max() + rows.shape[1]) - begun[:, None]  # [N, K + T] after the given
    whole = np.zeros(place.shape, np.int64)
    whole[place < 0] = prompts[(-begun[:, None] <= before) & (before < 0)]
    whole[(place >= 0) & (place < rows.shape[1])] = rows.ravel()
    return whole


def _one_by_one(r: Rollouts) -> tuple[Tokens, Tokens]:  # [B, W], [B]
    """The place in each completion, after the given tokens, of the token that proves each step of the proof, -1 where none does; and the
    number of steps."""
    proofs = [[step.name for step in r.problems[b // r.group].proof] for b in range(len(r.tokens))]
    places = np.full((len(proofs), max(map(len, proofs))), -1, np.int64)
    for row, proof, trace, verdict in zip(places, proofs, r.traces, r.verdicts, strict=True):
        for assertion, right in zip(trace.assertions, verdict.steps, strict=True):
            if right and assertion.name in proof and row[step := proof.index(assertion.name)] < 0:
                row[step] = assertion.at + assertion.words - 1
    return places, np.array([len(proof) for proof in proofs], np.int64)
