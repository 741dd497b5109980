"""Problems and their solutions as tokens.

Shapes: P problems, S tokens of the longest prompt, T of the longest solution.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthtasks.families.kit.batch import Batch
from synthtasks.families.kit.family import Family, has_one_derivation
from synthtasks.families.kit.once import once
from synthtasks.families.kit.programs import Programs
from synthtasks.families.program import Program
from synthtasks.problem import Problem, Split
from synthtasks.surfaces.compact import Compact
from synthtasks.surfaces.surface import Surface, Tokens, at_once
from synthtasks.vocab import Vocab

RECENT = 64  # batches that are remembered


@dataclass(frozen=True, eq=False)
class Written:
    """Problems and their solutions in the words of a surface, as tokens of a vocabulary."""

    prompts: Tokens  # [P, S], padded on the right with 0
    prompt_lengths: Tokens  # [P]
    solutions: Tokens  # [P, T], padded on the right with 0
    lengths: Tokens  # [P]
    problems: Sequence[Problem]  # [P]
    sole: bool  # the judge accepts the solution of a problem and nothing else, and its `AtOnce.answer_words` as the right answer

    @property
    def unpadded(self) -> list[list[int]]:  # [P]
        """The tokens of each prompt, without padding."""
        return [row[:length] for row, length in zip(self.prompts.tolist(), self.prompt_lengths.tolist(), strict=True)]


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
    if isinstance(problems, Batch) and type(surface) is Compact:  # other surfaces and families may be equal to one that differs
        family, numbers = problems.family, problems.numbers
        if type(problems) is Batch and type(family) is Program and isinstance(numbers, range):
            return _of_batch(family, problems.split, numbers, problems.path, surface, vocab)
    return _write(problems, surface, vocab)


@once(RECENT)
def _of_batch(family: Program, split: Split, numbers: range, path: tuple[str | int, ...], surface: Surface, vocab: Vocab) -> Written:
    """A batch, written. Arms of a seed that learn at the same time meet the same problems, which are drawn once."""
    return _write(Batch(family, split, numbers, path), surface, vocab)


def _write(problems: Sequence[Problem], surface: Surface, vocab: Vocab) -> Written:
    family, drawn = (problems.family, problems.drawn) if isinstance(problems, Batch) else (None, problems)
    if type(drawn) is Programs and at_once(surface):  # a subclass may make other problems of its arrays
        prompts, solutions = surface.prompts(drawn, vocab), surface.solutions(drawn, vocab)
        lengths = [np.full(len(rows), rows.shape[1]) for rows in (prompts, solutions)]
    else:
        prompts, prompt_lengths = _padded([vocab.encode(surface.prompt(p)) for p in problems])
        solutions, solution_lengths = _padded([vocab.encode(surface.solution(p)) for p in problems])
        lengths = [prompt_lengths, solution_lengths]
    sole = family is not None and has_one_derivation(family) and at_once(surface)
    return Written(prompts, lengths[0], solutions, lengths[1], problems, sole)


def _padded(rows: Sequence[Sequence[int]]) -> tuple[Tokens, Tokens]:  # [P, *], [P]
    lengths = np.array([len(row) for row in rows], np.int64)
    tokens = np.zeros((len(rows), max(lengths, default=0)), np.int64)
    tokens[np.arange(tokens.shape[1]) < lengths[:, None]] = [token for row in rows for token in row]
    return tokens, lengths
