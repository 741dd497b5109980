"""Families: distributions over problems. A family is a frozen dataclass whose fields are its difficulty."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Protocol

import numpy as np

from synthtasks.primitives import ADD, MUL, SUB, Primitive
from synthtasks.problem import Problem, Split, Step
from synthtasks.rng import rng

ATTEMPTS = 1_000  # draws for one problem; with one form in eight in the smaller split, 1,000 misses have p = 1e-58
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Family(Protocol):
    """A distribution over problems: pure in the generator, and free of rejection."""

    @property
    def primitives(self) -> tuple[Primitive, ...]: ...  # those that its solutions may apply

    def __call__(self, g: np.random.Generator) -> Problem: ...


@dataclass(frozen=True)
class Uses:
    """At least `count` applications of the primitives called `names` (all steps, where there are fewer than `count`)."""

    names: tuple[str, ...] = ()
    count: int = 0


@cache
def label(line: int) -> str:
    """The name of a program's line: A..Z, then A1..Z1, A2.. and so on."""
    return LETTERS[line % 26] + (str(line // 26) if line >= 26 else "")


@dataclass(frozen=True)
class Program:
    """A straight-line program of `lines` numbered lines, of which the query runs `steps` in a row from a given value.

    A line applies a primitive to the running value and a constant. The number of lines is fixed, so the prompt does
    not grow with the number of steps. Lines outside the window are distractors; as steps of the problem, the lines
    before the window form a chain of their own from the same given value.

    >>> p = Program(steps=2, lines=3)(rng("example"))
    >>> [(s.name, s.primitive.symbol, s.arguments) for s in p.proof]
    [('A', '-', (0, 7)), ('B', '-', ('A', 6))]
    >>> p.answer
    7

    Raises:
        ValueError: if the dials contradict each other.
    """

    steps: int = 3
    lines: int = 24
    primitives: tuple[Primitive, ...] = (ADD, SUB, MUL)  # inside the window
    outside: tuple[Primitive, ...] = (ADD, SUB, MUL)
    uses: Uses = Uses()
    modulus: int = 10

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= self.lines:
            raise ValueError(f"a program of {self.lines} lines has windows of 1 to {self.lines} steps; found steps={self.steps}")
        if self.modulus < 2:
            raise ValueError(f"the modulus must be at least 2; found {self.modulus}")
        if not self.primitives or not self.outside:
            raise ValueError("both `primitives` and `outside` need at least one primitive")
        if missing := set(self.uses.names) - {p.name for p in self.primitives}:
            raise ValueError(f"uses asks for {sorted(missing)}, but the window has only {[p.name for p in self.primitives]}")
        if self.uses.count and not self.uses.names:
            raise ValueError(f"uses asks for {self.uses.count} applications, but names no primitive")
        if self.uses.count < 0:
            raise ValueError(f"uses cannot ask for {self.uses.count} applications; 0 asks for none")

    def __call__(self, g: np.random.Generator) -> Problem:
        first = int(g.integers(self.lines - self.steps + 1))
        window = range(first, first + self.steps)
        inside = g.integers(len(self.primitives), size=self.lines).tolist()
        outside = g.integers(len(self.outside), size=self.lines).tolist()
        constants = g.integers(self.modulus, size=self.lines).tolist()
        start = int(g.integers(self.modulus))
        primitives = [self.primitives[inside[i]] if i in window else self.outside[outside[i]] for i in range(self.lines)]
        if self.uses.count:
            named = [p for p in self.primitives if p.name in self.uses.names]
            for offset in g.permutation(self.steps)[: self.uses.count].tolist():
                primitives[first + offset] = named[int(g.integers(len(named)))]
        steps: list[Step] = []
        before: str | int = start
        for i in range(self.lines):
            before = start if i == first else before
            steps.append(Step(label(i), primitives[i], (before, constants[i])))
            before = label(i)
        return Problem(tuple(steps), label(window[-1]), self.modulus)


def problem(family: Family, split: Split, *path: str | int) -> Problem:
    """The problem called `path`: the first of the draws `rng(*path, 0)`, `rng(*path, 1)`, ... that lies in `split`.

    A pure function of its arguments, whatever was drawn before it, in this process or another.

    Raises:
        ValueError: if no draw lies in the split; the family is too small to be split.
    """
    for attempt in range(ATTEMPTS):
        if (drawn := family(rng(*path, attempt))).split in (split, "both"):
            return drawn
    raise ValueError(f"{family} has no {split} problems: {ATTEMPTS:,} draws all fell in the other split")


def problems(family: Family, split: Split, *path: str | int) -> Iterator[Problem]:
    """The endless stream called `path`; its i-th item is `problem(family, split, *path, i)`."""
    return (problem(family, split, *path, i) for i in count())
