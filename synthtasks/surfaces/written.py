"""Problems and their solutions as tokens.

Shapes: P problems, S tokens of the longest prompt, T of the longest solution.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthtasks.families.kit.batch import Batch
from synthtasks.families.kit.family import Family
from synthtasks.families.kit.programs import Programs
from synthtasks.problem import Problem, Split
from synthtasks.surfaces.surface import Surface, Tokens, at_once
from synthtasks.vocab import Vocab


@dataclass(frozen=True, eq=False)
class Written:
    """Problems and their solutions in the words of a surface, as tokens of a vocabulary."""

    prompts: Tokens  # [P, S], padded on the right with 0
    prompt_lengths: Tokens  # [P]
    solutions: Tokens  # [P, T], padded on the right with 0
    lengths: Tokens  # [P]
    problems: Sequence[Problem]  # [P]


def written(family: Family, split: Split, numbers: Sequence[int], surface: Surface, vocab: Vocab, *path: str | int) -> Written:
    """The problems of `named`, written.

    Raises:
        ValueError: as `named`, the surface, and `Vocab.encode`.
    """
    return write(Batch(family, split, numbers, path), surface, vocab)


def write(problems: Sequence[Problem], surface: Surface, vocab: Vocab) -> Written:
    """Write problems: at once where they are a batch of programs and the surface can, else one by one.

    Raises:
        ValueError: as drawing the problems, the surface, and `Vocab.encode`.
    """
    drawn = problems.drawn if isinstance(problems, Batch) else problems
    if type(drawn) is Programs and at_once(surface):  # a subclass may make other problems of its arrays
        prompts, solutions = surface.prompts(drawn, vocab), surface.solutions(drawn, vocab)
        lengths = [np.full(len(rows), rows.shape[1]) for rows in (prompts, solutions)]
    else:
        prompts, prompt_lengths = _padded([vocab.encode(surface.prompt(p)) for p in problems])
        solutions, solution_lengths = _padded([vocab.encode(surface.solution(p)) for p in problems])
        lengths = [prompt_lengths, solution_lengths]
    return Written(prompts, lengths[0], solutions, lengths[1], problems)


def _padded(rows: Sequence[Sequence[int]]) -> tuple[Tokens, Tokens]:  # [P, *], [P]
    lengths = np.array([len(row) for row in rows], np.int64)
    tokens = np.zeros((len(rows), max(lengths, default=0)), np.int64)
    tokens[np.arange(tokens.shape[1]) < lengths[:, None]] = [token for row in rows for token in row]
    return tokens, lengths
