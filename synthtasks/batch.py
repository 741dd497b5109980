"""Problems as arrays of tokens: the same ones that `problems` draws, for training at scale."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthtasks.families.family import Family, many, named, one_split
from synthtasks.families.program import Program
from synthtasks.problem import Split
from synthtasks.surfaces.compact import Compact
from synthtasks.surfaces.surface import Surface
from synthtasks.vocab import Tokens, Vocab


@dataclass(frozen=True, eq=False)
class Batch:
    """P problems in S prompt tokens and T solution tokens, padded on the right with 0, the token of `<pad>`."""

    prompts: Tokens  # [P, S]
    prompt_lengths: Tokens  # [P]
    solutions: Tokens  # [P, T] with their end words
    lengths: Tokens  # [P]


def batch(family: Family, split: Split, surface: Surface, vocab: Vocab, numbers: range, *path: str | int) -> Batch:
    """The problems `problem(family, split, *path, i)` for every i of `numbers`, prompts and solutions encoded.

    A pure function of its arguments: any range can be drawn anywhere, so a stream of batches is resumed, or shared among
    workers, by its numbers alone.

    >>> from synthtasks import Program
    >>> from synthtasks.surfaces import Compact
    >>> family, surface = Program(steps=2, lines=3), Compact()
    >>> vocab = surface.vocab(family.names, family.primitives, family.modulus)
    >>> arrays = batch(family, "train", surface, vocab, range(100, 104), "my corpus")
    >>> arrays.prompts.shape, arrays.solutions.shape, " ".join(vocab.decode(arrays.solutions[0]))
    ((4, 16), (4, 11), 'A * 2 8 B - 0 8 answer 8 <end>')

    Raises:
        ValueError: if there is no such split, `numbers` is empty, or a word is not in the vocabulary.
    """
    one_split(split)
    if not numbers:
        raise ValueError("a batch needs at least one number; found an empty range")
    if isinstance(family, Program) and isinstance(surface, Compact):  # no object is made
        programs = many(family, split, numbers, *path)
        return Batch(*_full(surface.prompts(programs, vocab)), *_full(surface.solutions(programs, vocab)))
    prompts: list[list[int]] = []
    solutions: list[list[int]] = []
    for p in named(family, split, numbers, *path):
        prompts.append(vocab.encode(surface.prompt(p)))
        solutions.append(vocab.encode(surface.solution(p)))
    return Batch(*_padded(prompts), *_padded(solutions))


def _full(tokens: Tokens) -> tuple[Tokens, Tokens]:
    """Rows that need no padding, and their lengths."""
    return tokens, np.full(len(tokens), tokens.shape[1], np.int32)


def _padded(rows: Sequence[list[int]]) -> tuple[Tokens, Tokens]:
    lengths = np.array([len(row) for row in rows], np.int32)
    tokens = np.zeros((len(rows), int(lengths.max())), np.int32)
    tokens[np.arange(tokens.shape[1]) < lengths[:, None]] = np.concatenate([np.array(row, np.int32) for row in rows])
    return tokens, lengths
