"""Steps of completions in `Compact`, read and judged at once as tokens; `verify` does the same one by one.

Shapes: B completions, T tokens of the longest, W steps of the longest solution.
"""

from dataclasses import dataclass

import numpy as np

from synthtasks.surfaces.compact import RESERVED, WORDS_A_STEP, Compact
from synthtasks.surfaces.surface import NUMBERS, Tokens
from synthtasks.vocab import Vocab


@dataclass(frozen=True, eq=False)
class Proving:
    """Steps of proofs, and where completions prove them."""

    places: Tokens  # [B, W] of the value by which the judge first holds a step right; -1 where it holds none so
    steps: Tokens  # [B] of the proof


def proving(tokens: Tokens, solutions: Tokens, vocab: Vocab) -> Proving:  # [B, T], [B, *], padded with 0
    """The steps that completions prove of a chain, which `solutions` derive.

    A step is right if line, operator, constant and value are those of the solution, the step before it in the completion has the name of
    the step before it in the solution, and that one is proven; the first step of the solution, if nothing stands before it.
    """
    steps = ((solutions != 0).sum(1) - Compact.answer_words) // WORDS_A_STEP
    due = solutions[:, : WORDS_A_STEP * steps.max(initial=0)].reshape(len(tokens), -1, WORDS_A_STEP)  # [B, W, 4]
    there = np.arange(due.shape[1]) < steps[:, None]  # [B, W]
    places, before = np.full(there.shape, -1), np.full((len(tokens), 1), -1)  # `before`: the name of the last step that was read
    starts, T = _starts(tokens, vocab), tokens.shape[1]
    at = starts[:, :1]  # [B, 1] where the next step begins; T, if there is none
    while (read := at < T).any():
        said = np.take_along_axis(tokens, np.minimum(at + np.arange(WORDS_A_STEP), T - 1), axis=1)  # [B, 4]
        follows = np.concatenate((before < 0, (due[:, :-1, 0] == before) & (places[:, :-1] >= 0)), axis=1)  # [B, W]
        right = read & there & (due == said[:, None]).all(2) & follows
        places = np.where(right & (places < 0), at + WORDS_A_STEP - 1, places)
        before = np.where(read, said[:, :1], before)
        at = np.take_along_axis(starts, np.minimum(at + WORDS_A_STEP, T), axis=1)
    return Proving(places, steps)


def _starts(tokens: Tokens, vocab: Vocab) -> Tokens:  # [B, T] -> [B, T + 1]
    """The first place from each place on where `Compact.read` finds the words of a step; T, if there is none."""
    number = np.array([word in NUMBERS for word in vocab.words])
    content = ~number & np.array([word not in RESERVED for word in vocab.words])
    T, starts = tokens.shape[1], np.full((len(tokens), tokens.shape[1] + 1), tokens.shape[1])
    if T >= WORDS_A_STEP:
        first = np.arange(T - WORDS_A_STEP + 1)
        kinds = [kind[tokens[:, i : i + len(first)]] for i, kind in enumerate((content, content, number, number))]
        starts[:, : len(first)] = np.where(np.logical_and.reduce(kinds), first, T)  # padding is no content
    return np.minimum.accumulate(starts[:, ::-1], axis=1)[:, ::-1]
