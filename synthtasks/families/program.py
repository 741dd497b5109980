"""Straight-line programs: the family of the factorial study."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synthtasks.families.dials import Dial, Forced, domain_size, length, statements
from synthtasks.families.family import label
from synthtasks.primitives import ADD, MUL, SUB, Primitive
from synthtasks.problem import Problem, Step


@dataclass(frozen=True)
class Uses:
    """At least `count` applications of the primitives called `names` (all steps, where there are fewer than `count`)."""

    names: tuple[str, ...] = ()
    count: int = 0


@dataclass(frozen=True)
class Program:
    """A straight-line program of `lines` numbered lines, of which the query runs `steps` in a row from a given value.

    A line applies a primitive to the running value and a constant. The number of lines is fixed, so the prompt does
    not grow with the number of steps. Lines outside the window are distractors; as steps of the problem, the lines
    before the window form a chain of their own from the same given value.

    >>> from synthtasks import rng
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

    dials: ClassVar[tuple[Dial, ...]] = (
        Dial("steps", (2, 4, 6, 8, 10), length),
        Dial("lines", (12, 16, 20, 24), statements),
        Dial("modulus", (7, 10, 13), domain_size),
    )
    forced: ClassVar[tuple[Forced, ...]] = (
        Forced("steps", "depth", "a program is a chain: every line needs the one before it"),
        Forced("steps", "distractors", "lines that are run are not beside the run; their sum is fixed, so that the prompt is"),
        Forced("lines", "distractors", "lines that are not run are distractors"),
    )

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

    @property
    def names(self) -> int:
        return self.lines

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
