"""Straight-line programs as arrays, which are much faster than as many objects.

Shapes: P programs, N lines of each, W lines in the window.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from synthtasks.families.kit.family import labels, one_split
from synthtasks.mixing import Hashes, applied, of_value
from synthtasks.primitives import Primitive
from synthtasks.problem import COMPOSED, TEST, Problem, Split, Step

Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Programs:
    """P programs; each runs a window of W consecutive lines from a given value."""

    primitives: tuple[Primitive, ...]
    modulus: int
    operators: Places  # [P, N] indices of `primitives`
    constants: Places  # [P, N]
    first: Places  # [P] the first line of the window
    window: int  # W
    starts: Places  # [P] the given value

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def keys(self) -> Hashes:  # [P]
        """The keys of the problems: `Problem.key` as numbers."""
        forms = [p.form((), self.modulus) for p in self.primitives]
        identities = np.array([form.identity for form in forms], np.uint64)
        commutes = np.array([form.commutes for form in forms])
        given = np.array([of_value(v) for v in range(self.modulus)], np.uint64)
        before = given[self.starts]
        rows = np.arange(len(self))
        for line in (self.first + i for i in range(self.window)):  # [P]
            operators, operand = self.operators[rows, line], given[self.constants[rows, line]]
            turned = commutes[operators]
            left = np.where(turned, np.minimum(before, operand), before)
            right = np.where(turned, np.maximum(before, operand), operand)
            before = applied(identities[operators], left, right)
        return before

    def some(self, rows: Places) -> "Programs":
        """Some of the programs, by index."""
        return replace(
            self, operators=self.operators[rows], constants=self.constants[rows], first=self.first[rows], starts=self.starts[rows]
        )

    def applied(self, name: str) -> Places:  # [P]
        """How often each window applies the primitive of that name."""
        operators = np.take_along_axis(self.operators, self.lines, axis=1)  # [P, W]
        applied: Places = np.array([p.name == name for p in self.primitives])[operators].sum(axis=1)
        return applied

    @property
    def lines(self) -> Places:  # [P, W]
        """The lines of each window, in the order in which they run."""
        return self.first[:, None] + np.arange(self.window)

    @property
    def values(self) -> Places:  # [P, W]
        """The true value of every line of the window."""
        tables = np.array([p.table(self.modulus) for p in self.primitives], np.int64)  # [primitive, value, constant]
        rows, running, values = np.arange(len(self)), self.starts, []
        for line in self.lines.T:  # [P]
            running = tables[self.operators[rows, line], running, self.constants[rows, line]]
            values.append(running)
        return np.stack(values, axis=1)

    def among(self, split: Split) -> NDArray[np.bool_]:  # [P]
        """True for programs that may be drawn for a split.

        Raises:
            ValueError: if there is no such split.
        """
        one_split(split)
        if self.window < COMPOSED:
            return np.ones(len(self), bool)
        test: NDArray[np.bool_] = self.keys < TEST
        return test if split == "test" else ~test

    def problem(self, i: int) -> Problem:
        """Program i as an object; lines before the window form a chain of their own from the same given value."""
        names = labels(self.operators.shape[1])
        first, start = int(self.first[i]), int(self.starts[i])
        steps: list[Step] = []
        before: str | int = start
        for line, (name, operator, constant) in enumerate(zip(names, self.operators[i].tolist(), self.constants[i].tolist(), strict=True)):
            steps.append(Step(name, self.primitives[operator], (start if line == first else before, constant)))
            before = name
        return Problem(tuple(steps), names[first + self.window - 1], self.modulus)
