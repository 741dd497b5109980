"""Problems and their solutions as tokens.

Shapes: P problems, S tokens of the longest prompt, T of the longest solution.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from synthtasks.families.kit.batch import Batch
from synthtasks.families.kit.family import Family, has_one_derivation
from synthtasks.families.kit.once import once
from synthtasks.families.kit.programs import Programs
from synthtasks.families.kit.sequence import Begun, Joined
from synthtasks.families.program import Program
from synthtasks.problem import Problem, Split
from synthtasks.surfaces.compact import Compact
from synthtasks.surfaces.surface import Surface, Tokens, at_once
from synthtasks.trace import Trace, gold
from synthtasks.vocab import Vocab

RECENT = 64  # batches that are remembered


@dataclass(frozen=True, eq=False)
class Written:
    """Problems and their solutions in the words of a surface, as tokens of a vocabulary. Of a `Begun` problem the given steps end the
    prompt, and the solution is what is left of it."""

    prompts: Tokens  # [P, S], padded on the right with 0
    prompt_lengths: Tokens  # [P]
    solutions: Tokens  # [P, T], padded on the right with 0
    lengths: Tokens  # [P]
    problems: Sequence[Problem]  # [P]
    sole: bool  # the judge accepts the solution of a problem and nothing else, and its `AtOnce.answer_words` as the right answer
    begun: Tokens  # [P] tokens at the end of each prompt that begin the solution

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
    """Write problems: at once where they are a batch of programs and the surface can, else one by one; parts that are joined, each in its
    own way.

    Raises:
        ValueError: as drawing the problems, the surface, and `Vocab.encode`; if more steps are given than a solution has, or they are given
            twice; or if a surface writes the first steps of a solution otherwise than the solution.
    """
    if isinstance(problems, Begun):
        return _begun(problems, surface, vocab)
    if isinstance(problems, Joined) and problems.parts:
        return _joined([write(part, surface, vocab) for part in problems.parts], problems)
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
    return Written(prompts, lengths[0], solutions, lengths[1], problems, sole, np.zeros(len(problems), np.int64))


def _joined(parts: Sequence[Written], problems: Sequence[Problem]) -> Written:
    """The rows of all parts; what is padded further stays padded with 0."""

    def rows(tokens: Sequence[Tokens]) -> Tokens:  # [P, *] each -> [sum of P, *]
        longest = max(x.shape[1] for x in tokens)
        return np.concatenate([np.pad(x, ((0, 0), (0, longest - x.shape[1]))) for x in tokens])

    return Written(
        rows([w.prompts for w in parts]),
        np.concatenate([w.prompt_lengths for w in parts]),
        rows([w.solutions for w in parts]),
        np.concatenate([w.lengths for w in parts]),
        problems,
        all(w.sole for w in parts),
        np.concatenate([w.begun for w in parts]),
    )


def _begun(problems: Begun, surface: Surface, vocab: Vocab) -> Written:
    """The given steps moved from the solutions to the prompts."""
    whole = write(problems.problems, surface, vocab)
    if not any(problems.steps):
        return replace(whole, problems=problems)
    if whole.begun.any():
        raise ValueError("the first steps of these solutions are given already; give them once")
    solutions = [row[:length] for row, length in zip(whole.solutions.tolist(), whole.lengths.tolist(), strict=True)]
    given = [_first(problems[i], steps, surface, vocab) if steps else [] for i, steps in enumerate(problems.steps)]
    for steps, first, solution in zip(problems.steps, given, solutions, strict=True):
        if solution[: len(first)] != first:
            words, found = (" ".join(vocab.decode(tokens)) for tokens in (first, solution))
            raise ValueError(f"{surface} writes the first {steps} steps of a solution alone as {words!r}, but the solution as {found!r}")
    prompts, prompt_lengths = _padded([prompt + first for prompt, first in zip(whole.unpadded, given, strict=True)])
    rest, lengths = _padded([solution[len(first) :] for first, solution in zip(given, solutions, strict=True)])
    begun = np.array([len(first) for first in given], np.int64)
    return Written(prompts, prompt_lengths, rest, lengths, problems, whole.sole, begun)


def _first(problem: Problem, steps: int, surface: Surface, vocab: Vocab) -> list[int]:
    """The tokens of the first steps of the reference solution."""
    trace = gold(problem)
    if steps > len(trace.assertions):
        raise ValueError(f"{steps} steps of a solution are given, which has {len(trace.assertions)}")
    return vocab.encode(surface.write(Trace(trace.assertions[:steps], None))[:-1])  # without its end


def _padded(rows: Sequence[Sequence[int]]) -> tuple[Tokens, Tokens]:  # [P, *], [P]
    lengths = np.array([len(row) for row in rows], np.int64)
    tokens = np.zeros((len(rows), max(lengths, default=0)), np.int64)
    tokens[np.arange(tokens.shape[1]) < lengths[:, None]] = [token for row in rows for token in row]
    return tokens, lengths
