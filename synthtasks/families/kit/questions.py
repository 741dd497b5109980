"""Several questions about one statement, drawn by name."""

from collections.abc import Sequence
from typing import Protocol, TypeGuard, runtime_checkable

import numpy as np

from synthtasks.families.kit.family import ATTEMPTS, Bulk, Drawn, Family, Many, one_split, out_of_draws
from synthtasks.problem import Split
from synthtasks.rng import uniforms

TRIES = 128  # draws for a question before its statement is drawn again: of a small family, all questions may lie in the other split


@runtime_checkable
class Asking(Bulk[Drawn], Protocol[Drawn]):
    """A family that can ask several questions about one statement: rows of numbers that differ only in the first `question` ones give
    problems with equal lines: their names, primitives and constants."""

    @property
    def question(self) -> int: ...  # numbers of a row; 0: every problem has a statement of its own


def asks(family: Family) -> TypeGuard[Asking[Many]]:
    """True if the family can ask several questions about one statement."""
    return isinstance(family, Asking) and family.question > 0


def asked(family: Asking[Drawn], split: Split, numbers: Sequence[int], questions: int, *path: str | int) -> Drawn:
    """Training or test problems as arrays, `questions` in a row about one statement, for each number of a statement.

    A statement is named as a problem is. A question in the other split is drawn again, alone; after `TRIES` draws with its statement.

    Raises:
        ValueError: if there is no such split, or no draw lies in it.
    """
    one_split(split)
    u = np.empty((len(numbers), questions, family.uniforms))
    left = np.arange(len(numbers))  # statements
    for attempt in range(ATTEMPTS):
        u[left] = uniforms(family.uniforms, path, [numbers[i] for i in left.tolist()], attempt)[:, None]
        statement, question = np.indices((len(left), questions)).reshape(2, -1)  # the questions to draw
        statement = left[statement]
        for again in range(TRIES):
            rows, place = np.unique(statement, return_inverse=True)
            named = [numbers[i] for i in rows.tolist()]
            fresh = uniforms(family.question * questions, (*path, "question", attempt), named, again)
            u[statement, question, : family.question] = fresh.reshape(len(rows), questions, -1)[place, question]
            wrong = ~family.many(u[statement, question]).among(split)
            statement, question = statement[wrong], question[wrong]
            if not len(statement):
                break
        left = np.unique(statement)
        if not len(left):
            return family.many(u.reshape(-1, family.uniforms))
    raise out_of_draws(family, split)
