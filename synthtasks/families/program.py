"""Straight-line programs: the family of the factorial study."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synthtasks.families.dials import Dial, Forced, domain_size, length, statements
from synthtasks.families.programs import Places, Programs
from synthtasks.primitives import ADD, MUL, SUB, Primitive
from synthtasks.problem import Problem
from synthtasks.rng import Uniforms


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
    [('B', '*', (0, 8)), ('C', '-', ('B', 0))]
    >>> p.answer
    0

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

    @property
    def uniforms(self) -> int:
        """How many random numbers a draw takes."""
        return 2 + 2 * self.lines + (self.steps + self.uses.count if self.uses.count else 0)

    def many(self, u: Uniforms) -> Programs:  # [P, uniforms]
        """A program of each row of numbers in [0, 1)."""
        known = tuple(dict.fromkeys((*self.primitives, *self.outside)))
        inside, outside = (np.array([known.index(p) for p in chosen]) for chosen in (self.primitives, self.outside))
        first, start, operator, constant, use = np.split(u, np.cumsum((1, 1, self.lines, self.lines)), axis=1)
        firsts = _below(self.lines - self.steps + 1, first)  # [P, 1]
        line = np.arange(self.lines)
        run = (firsts <= line) & (line < firsts + self.steps)  # [P, lines]
        operators = np.where(run, inside[_below(len(inside), operator)], outside[_below(len(outside), operator)])
        if self.uses.count:
            named = np.array([known.index(p) for p in self.primitives if p.name in self.uses.names])
            where = firsts + use[:, : self.steps].argsort(axis=1)[:, : self.uses.count]  # [P, uses]
            np.put_along_axis(operators, where, named[_below(len(named), use[:, self.steps :])][:, : self.steps], axis=1)
        constants, starts = _below(self.modulus, constant), _below(self.modulus, start)[:, 0]
        return Programs(known, self.modulus, operators, constants, firsts[:, 0], self.steps, starts)

    def __call__(self, g: np.random.Generator) -> Problem:
        return self.many(g.random((1, self.uniforms))).problem(0)


def _below(size: int, u: Uniforms) -> Places:
    """Numbers in [0, 1) as places in [0, size)."""
    return (u * size).astype(np.int64)
