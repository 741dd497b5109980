"""Words of programs as tokens, by tables.

Shapes: P programs, N lines of each, W lines in the window, T tokens.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from synthtasks.families.kit.family import labels
from synthtasks.families.kit.programs import Programs
from synthtasks.problem import Problem
from synthtasks.surfaces.surface import Tokens
from synthtasks.trace import Words
from synthtasks.vocab import Vocab

UNKNOWN = -1  # the token of a word that the vocabulary lacks


@dataclass(frozen=True)
class Spelling:
    """The tokens of the names, operators and numbers of some programs."""

    programs: Programs
    vocab: Vocab

    def names(self, lines: Tokens) -> Tokens:
        """The names of these lines."""
        return self._table(labels(self.programs.operators.shape[1]))[lines]

    def operators(self, primitives: Tokens) -> Tokens:
        """The symbols of these of the primitives."""
        return self._table([p.symbol for p in self.programs.primitives])[primitives]

    def numbers(self, values: Tokens) -> Tokens:
        """The words of these values."""
        return self._table([str(n) for n in range(self.programs.modulus)])[values]

    def all(self, word: str) -> Tokens:  # [P, 1]
        """The same word for every program."""
        return np.broadcast_to(self._table([word]), (len(self.programs), 1))

    def program(self) -> Tokens:  # [P, 3 N]
        """Every line: name, operator, constant."""
        p = self.programs
        every = np.broadcast_to(np.arange(p.operators.shape[1]), p.operators.shape)
        return self._woven(self.names(every), self.operators(p.operators), self.numbers(p.constants))

    def run(self, *more: Tokens) -> Tokens:  # [P, W] each -> [P, (3 + more) W]
        """Every line of the window: name, operator, constant, and a word of each of `more`."""
        p = self.programs
        operators, constants = (np.take_along_axis(x, p.lines, axis=1) for x in (p.operators, p.constants))
        return self._woven(self.names(p.lines), self.operators(operators), self.numbers(constants), *more)

    def checked(self, write: Callable[[Problem], Words], columns: Sequence[Tokens]) -> Tokens:  # [P, *] each -> [P, T]
        """The columns side by side.

        Raises:
            ValueError: if the vocabulary lacks a word, as `Vocab.encode` of what `write` makes of the first such program.
        """
        tokens = np.concatenate(columns, axis=1)
        if (tokens == UNKNOWN).any():
            self.vocab.encode(write(self.programs.problem(int((tokens == UNKNOWN).any(axis=1).argmax()))))
        return tokens

    def _table(self, words: Sequence[str]) -> Tokens:
        return np.array([self.vocab.tokens.get(word, UNKNOWN) for word in words], np.int64)

    def _woven(self, *columns: Tokens) -> Tokens:  # [P, n] each, k of them -> [P, n k]
        return np.stack(columns, axis=-1).reshape(len(self.programs), -1)
