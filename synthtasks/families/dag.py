"""Dependency graphs, in the manner of iGSM (arXiv:2407.20311) and GSM-Infinite (arXiv:2502.05252), with every dial apart."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np

from synthtasks.domains import Value
from synthtasks.families.dials import (
    Dial,
    Forced,
    branching_off,
    domain_size,
    length,
    longest_path,
    most_operands,
    shared_uses,
    unconnected,
)
from synthtasks.families.family import labels
from synthtasks.families.graphs import Draws, Shape, grow, proof
from synthtasks.primitives import ADD, GATES, MANY, MUL, SUB, SUM, Primitive
from synthtasks.problem import Problem, Step, Surplus

Order = Literal["topological", "shuffled"]

BESIDE = (
    Forced("steps", "width", "of more steps on a longest path of the same length, more lie beside each other"),
    Forced("depth", "width", "of as many steps, a longer path leaves fewer beside it"),
)
STATED = (
    Forced("steps", "statements", "every step of the proof is stated"),
    Forced("branching", "statements", "every distractor is stated"),
    Forced("disconnected", "statements", "every distractor is stated"),
    Forced("branching", "distractors", "these are distractors"),
    Forced("disconnected", "distractors", "these are distractors"),
)
SHARED = Forced("shares", "width", "whoever uses a step once more has to wait for it: fewer of as many steps can be done at once")


@dataclass(frozen=True)
class Dag:
    """Quantities that are defined by each other, one of which is asked for.

    The proof has exactly `steps` steps and `depth` of them on its longest path, and `shares` uses of a step beyond one
    each. `totals` of its steps are implicit quantities: the problem says which others belong to them, and the solver
    has to add these up. Distractors branch off the proof, or have nothing to do with it.

    >>> from synthtasks import rng
    >>> p = Dag(steps=3, depth=2, branching=1)(rng("example"))
    >>> [(s.name, s.primitive.symbol, s.arguments) for s in p.stated]
    [('D', '*', (1, 'B')), ('C', '+', ('B', 'A')), ('B', '*', (4, 2)), ('A', '*', (4, 0))]
    >>> p.query, p.answer
    ('C', 8)

    `Dag(steps=12, depth=d)` is the length-matched variant of depth: as long for every d, in prompt and solution.

    Raises:
        ValueError: if the dials contradict each other.
    """

    steps: int = 6
    depth: int = 4
    shares: int = 0
    totals: int = 0
    fan_in: int = 3  # operands of a total
    branching: int = 0  # distractors that use a step of the proof
    disconnected: int = 0  # distractors that use none
    order: Order = "shuffled"  # of the statements
    primitives: tuple[Primitive, ...] = (ADD, SUB, MUL, SUM)
    modulus: int = 10
    surplus: Surplus = "refused"

    dials: ClassVar[tuple[Dial, ...]] = (
        Dial("steps", (17, 18, 19, 20, 21, 22), length),
        Dial("depth", (9, 10, 11), longest_path),
        Dial("shares", (0, 1, 2), shared_uses),
        Dial("fan_in", (3, 4), most_operands),
        Dial("branching", (0, 2, 4), branching_off),
        Dial("disconnected", (0, 2, 4), unconnected),
        Dial("modulus", (7, 10, 13), domain_size),
    )
    sets: ClassVar[dict[str, int]] = {"totals": 2}
    forced: ClassVar[tuple[Forced, ...]] = (
        *BESIDE,
        *STATED,
        SHARED,
        Forced("fan_in", "width", "the operands of a total do not depend on each other"),
    )

    def __post_init__(self) -> None:
        _check(self)
        if self.totals and SUM not in self.primitives:
            raise ValueError("totals are sums: `primitives` must hold SUM where there are any")

    @property
    def names(self) -> int:
        return self.steps + self.branching + self.disconnected

    def __call__(self, g: np.random.Generator) -> Problem:
        return _draw(self, self.surplus, Draws(g))

    @cached_property
    def shape(self) -> Shape:
        return Shape(self.steps, self.depth, self.shares, self.totals, self.fan_in)

    @cached_property
    def operations(self) -> tuple[Primitive, ...]:
        """What steps other than totals apply."""
        return tuple(p for p in self.primitives if p.arity != MANY)


@dataclass(frozen=True)
class Circuit:
    """Boolean circuits: gates on each other and on bits; the problem asks for the output (as arXiv:2402.12875 does).

    That is complete for P, so deep ones are beyond a transformer that answers at once, unless L = P (arXiv:2207.00729).

    >>> from synthtasks import rng
    >>> p = Circuit(steps=3, depth=3)(rng("example"))
    >>> [(s.name, s.primitive.symbol, s.arguments) for s in p.proof]
    [('B', 'and', (1, 0)), ('A', 'not', ('B',)), ('C', 'or', ('A', 0))]

    Raises:
        ValueError: if the dials contradict each other.
    """

    steps: int = 6  # gates that the output depends on
    depth: int = 4
    shares: int = 0
    branching: int = 0
    disconnected: int = 0
    order: Order = "topological"
    primitives: tuple[Primitive, ...] = GATES

    modulus: ClassVar[int] = 2
    dials: ClassVar[tuple[Dial, ...]] = (
        Dial("steps", (10, 11, 12, 13, 14), length),
        Dial("depth", (6, 7, 8), longest_path),
        Dial("shares", (0, 1, 2), shared_uses),
        Dial("branching", (0, 2, 4), branching_off),
        Dial("disconnected", (0, 2, 4), unconnected),
    )
    forced: ClassVar[tuple[Forced, ...]] = (*BESIDE, *STATED, SHARED)

    def __post_init__(self) -> None:
        _check(self)

    @property
    def names(self) -> int:
        return self.steps + self.branching + self.disconnected

    def __call__(self, g: np.random.Generator) -> Problem:
        return _draw(self, "refused", Draws(g))

    @cached_property
    def shape(self) -> Shape:
        return Shape(self.steps, self.depth, self.shares)

    @property
    def operations(self) -> tuple[Primitive, ...]:
        return self.primitives


@dataclass(frozen=True)
class Tree:
    """Expressions in brackets: every step is used once (Mano, arXiv:2512.17351; modular arithmetic, arXiv:2207.02098).

    Steps are called in the order in which a solver meets them, so `Nested` can ask for the expression as one.

    >>> from synthtasks import rng
    >>> p = Tree(steps=3, depth=2)(rng("example"))
    >>> [(s.name, s.primitive.symbol, s.arguments) for s in p.steps]
    [('A', '+', (0, 8)), ('B', '+', (2, 8)), ('C', '+', ('A', 'B'))]

    Raises:
        ValueError: if the dials contradict each other.
    """

    steps: int = 6  # operators
    depth: int = 4
    primitives: tuple[Primitive, ...] = (ADD, SUB, MUL)
    modulus: int = 10

    dials: ClassVar[tuple[Dial, ...]] = (
        Dial("steps", (6, 7, 8, 9, 10, 11), length),
        Dial("depth", (4, 5, 6), longest_path),
        Dial("modulus", (7, 10, 13), domain_size),
    )
    forced: ClassVar[tuple[Forced, ...]] = (*BESIDE, Forced("steps", "statements", "a tree has no distractors"))

    def __post_init__(self) -> None:
        Shape(self.steps, self.depth)
        if self.modulus < 2:
            raise ValueError(f"the modulus must be at least 2; found {self.modulus}")
        if not any(p.arity == 2 for p in self.primitives):
            raise ValueError(f"a tree needs a primitive of two operands; found {[p.name for p in self.primitives]}")

    @property
    def names(self) -> int:
        return self.steps

    def __call__(self, g: np.random.Generator) -> Problem:
        draws = Draws(g)
        names = labels(self.steps)
        steps = proof(grow(Shape(self.steps, self.depth), draws), self.primitives, lambda: draws.below(self.modulus), names, draws)
        return Problem(steps, steps[-1].name, self.modulus)


def _check(family: Dag | Circuit) -> None:
    _ = family.shape  # which refuses dials that contradict each other
    if min(family.branching, family.disconnected) < 0:
        raise ValueError(f"there cannot be fewer than no distractors; found {family.branching} and {family.disconnected}")
    if family.modulus < 2:
        raise ValueError(f"the modulus must be at least 2; found {family.modulus}")
    if not any(p.arity == 2 for p in family.primitives):
        raise ValueError(f"a graph needs a primitive of two operands; found {[p.name for p in family.primitives]}")


def _draw(family: Dag | Circuit, surplus: Surplus, draws: Draws) -> Problem:
    primitives = family.operations

    def value() -> Value:
        return draws.below(family.modulus)

    names = draws.some(labels(family.names), family.names)
    steps = list(proof(grow(family.shape, draws), primitives, value, names, draws))
    query = steps[-1].name
    needed, apart = [s.name for s in steps], list[str]()
    for i, name in enumerate(names[len(steps) :]):
        pool = needed if i < family.branching else apart
        one: str | Value = pool[draws.below(len(pool))] if pool and (i < family.branching or draws.below(2)) else value()
        primitive = primitives[draws.below(len(primitives))]
        arguments = [one] if primitive.arity == 1 else [one, value()] if draws.below(2) else [value(), one]
        steps.append(Step(name, primitive, tuple(arguments)))
        if i >= family.branching:
            apart.append(name)
    return Problem(tuple(steps), query, family.modulus, _ordered(steps, family.order, draws), surplus)


def _ordered(steps: list[Step], order: Order, draws: Draws) -> tuple[str, ...]:
    """The names in the order of their statements: all shuffled, or each somewhere after those it uses."""
    if order == "shuffled":
        return tuple(draws.some([step.name for step in steps], len(steps)))
    names: list[str] = []
    for step in steps:
        after = max((names.index(a) + 1 for a in step.arguments if isinstance(a, str)), default=0)
        names.insert(after + draws.below(len(names) + 1 - after), step.name)
    return tuple(names)
