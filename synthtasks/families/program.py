"""Straight-line programs: the family of the factorial study."""

from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from synthtasks.checked import From, check
from synthtasks.families.dials import Dial, Forced
from synthtasks.families.dials.quantities import domain_size, length, statements
from synthtasks.families.kit.fit import applicable
from synthtasks.families.kit.programs import Places, Programs
from synthtasks.primitives import ADD, MUL, SUB, Primitive
from synthtasks.problem import Problem, Split
from synthtasks.rng import Uniforms, uniforms

STARTS = 16  # given values that are tried for a split; of 16 problems all lie in the larger split with p = 0.12


@dataclass(frozen=True)
class Uses:
    """At least `count` applications of the primitives called `names` (all steps, where there are fewer than `count`).

    Raises:
        ValueError: if a name is repeated, or the count is negative.
    """

    names: tuple[str, ...] = ()
    count: Annotated[int, From(0)] = 0

    def __post_init__(self) -> None:
        check(self)
        if len(set(self.names)) < len(self.names):
            raise ValueError(f"Uses.names holds a name once; found {self.names}")


@dataclass(frozen=True)
class Program:
    """A straight-line program of `lines` lines; the query runs a window of `steps` consecutive ones from a given value.

    A line applies a primitive to the running value and a constant. The number of lines is fixed, so the prompt does
    not grow with the number of steps. Lines outside the window are distractors; those before it form a chain of their
    own from the same given value.

    >>> from synthtasks import rng
    >>> p = Program(steps=2, lines=3)(rng("example"))
    >>> [(s.name, s.primitive.symbol, s.arguments) for s in p.proof]
    [('B', '*', (0, 8)), ('C', '-', ('B', 0))]
    >>> p.answer
    0

    Raises:
        ValueError: if a dial is out of range, or dials contradict each other.
    """

    steps: Annotated[int, From(1)] = 3
    lines: Annotated[int, From(1)] = 24
    primitives: tuple[Primitive, ...] = (ADD, SUB, MUL)  # inside the window
    outside: tuple[Primitive, ...] = (ADD, SUB, MUL)
    uses: Uses = Uses()
    modulus: Annotated[int, From(2)] = 10

    one_derivation: ClassVar[bool] = True
    dials: ClassVar[tuple[Dial, ...]] = (
        Dial("steps", (2, 4, 6, 8, 10), length),
        Dial("lines", (12, 16, 20, 24), statements),
        Dial("modulus", (7, 10, 13), domain_size),
    )
    forced: ClassVar[tuple[Forced, ...]] = (
        Forced("steps", "depth", "a program is a chain: every line needs the one before it"),
        Forced("steps", "distractors", "the number of lines is fixed: a line is a step or a distractor"),
        Forced("lines", "distractors", "lines that are not run are distractors"),
    )

    def __post_init__(self) -> None:
        check(self)
        if self.steps > self.lines:
            raise ValueError(f"a program of {self.lines} lines has windows of 1 to {self.lines} steps; found steps={self.steps}")
        applicable("Program.primitives", self.primitives, 2)
        applicable("Program.outside", self.outside, 2)
        if missing := set(self.uses.names) - {p.name for p in self.primitives}:
            raise ValueError(f"uses asks for {sorted(missing)}, but the window has only {[p.name for p in self.primitives]}")
        if self.uses.count and not self.uses.names:
            raise ValueError(f"uses asks for {self.uses.count} applications, but names no primitive")

    @property
    def used(self) -> int:
        """Steps that must apply a primitive of `uses`."""
        return min(self.uses.count, self.steps)

    @property
    def names(self) -> int:
        return self.lines

    @property
    def uniforms(self) -> int:
        """Random numbers that a problem takes."""
        return 2 + 2 * self.lines + (self.steps + self.used if self.used else 0)

    @property
    def question(self) -> int:
        """The first numbers of a row, which choose the window and its given value; 0 where lines depend on the window."""
        return 0 if self.used or self.primitives != self.outside else 2

    def many(self, u: Uniforms) -> Programs:  # [P, uniforms]
        """One program for each row of numbers in [0, 1)."""
        known = tuple(dict.fromkeys((*self.primitives, *self.outside)))
        inside, outside = (np.array([known.index(p) for p in chosen]) for chosen in (self.primitives, self.outside))
        first, start, operator, constant, use = np.split(u, np.cumsum((1, 1, self.lines, self.lines)), axis=1)
        firsts = _below(self.lines - self.steps + 1, first)  # [P, 1]
        line = np.arange(self.lines)
        run = (firsts <= line) & (line < firsts + self.steps)  # [P, lines]
        operators = np.where(run, inside[_below(len(inside), operator)], outside[_below(len(outside), operator)])
        if self.used:
            named = np.array([known.index(p) for p in self.primitives if p.name in self.uses.names])
            where = firsts + use[:, : self.steps].argsort(axis=1)[:, : self.used]  # [P, used]
            np.put_along_axis(operators, where, named[_below(len(named), use[:, self.steps :])], axis=1)
        constants, starts = _below(self.modulus, constant), _below(self.modulus, start)[:, 0]
        return Programs(known, self.modulus, operators, constants, firsts[:, 0], self.steps, starts)

    def __call__(self, g: np.random.Generator) -> Problem:
        return self.many(g.random((1, self.uniforms))).problem(0)

    @property
    def shares(self) -> bool:
        """True if problems with other numbers of steps may ask about the same program, since all its lines are drawn alike."""
        return self.primitives == self.outside

    def windows(self, split: Split, programs: int, *path: str | int) -> tuple[Programs, NDArray[np.bool_]]:
        """A problem about each of the programs 0, 1, ... called `path`, and true where it lies in `split`; elsewhere no start value would.

        The programs are the same for every number of steps. Each window lies within those of more steps, and starts uniformly; the
        applications that `uses` asks for come first of all.

        Raises:
            ValueError: if there is no such split, or its programs are not shared.
        """
        if not self.shares:
            raise ValueError(f"windows of one program need equal primitives and outside; found {self.primitives} and {self.outside}")
        core = min(self.uses.count, self.lines)
        sizes = (self.modulus, 1, self.lines, self.lines, self.lines, core)
        u = uniforms(sum(sizes), path, range(programs), 0)
        order, share, side, operator, constant, use = np.split(u, np.cumsum(sizes)[:-1], axis=1)

        def firsts(steps: int) -> Places:  # [P]
            """Windows shrink line by line from all lines, at their beginning with chance `share`: uniform, as in Polya's urn."""
            return np.asarray((side[:, : self.lines - steps] < share).sum(1))

        operators, constants = _below(len(self.primitives), operator), _below(self.modulus, constant)  # [P, lines]
        if core:
            named = np.array([i for i, p in enumerate(self.primitives) if p.name in self.uses.names])
            np.put_along_axis(operators, firsts(core)[:, None] + np.arange(core), named[_below(len(named), use)], axis=1)
        found = Programs(self.primitives, self.modulus, operators, constants, firsts(self.steps), self.steps, np.zeros(programs, np.int64))
        starts = order.argsort(axis=1)[:, :STARTS]  # [P, S]
        tried = replace(found.some(np.arange(programs).repeat(starts.shape[1])), starts=starts.ravel()).among(split).reshape(starts.shape)
        return replace(found, starts=starts[np.arange(programs), tried.argmax(axis=1)]), np.asarray(tried.any(axis=1))


def _below(size: int, u: Uniforms) -> Places:
    """Numbers in [0, 1), scaled to integers in [0, size)."""
    return (u * size).astype(np.int64)
