"""Excerpts of the table of an operation, as text; and operations that nobody can know without one."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from synthtasks.checked import From, check
from synthtasks.domains import Value
from synthtasks.primitives import MUL, Primitive
from synthtasks.problem import Problem
from synthtasks.rng import rng
from synthtasks.trace import Words

OPENS = ":"  # the first word of an excerpt


@dataclass(frozen=True)
class Table:
    """A binary operation that is given by its table: `rows[left][right]`."""

    rows: tuple[tuple[int, ...], ...]

    def __call__(self, left: int, right: int, modulus: int) -> int:
        return self.rows[left][right]


def arbitrary(primitive: Primitive, modulus: int, *path: str | int) -> Primitive:
    """The random operation called `path`, under the name and symbol of a primitive."""
    rows = rng("operation", *path).integers(modulus, size=(modulus, modulus)).tolist()
    return replace(primitive, apply=Table(tuple(map(tuple, rows))))


def _mistaken(a: int, b: int, modulus: int) -> int:
    return (a * b + 1) % modulus


MISTAKEN = replace(MUL, apply=_mistaken)
"""Multiplication with each result wrong: the next number."""


@dataclass(frozen=True)
class Excerpt:
    """So many facts of an operation, in random order: those that the solution of a problem looks up, among others. As a control the asked
    ones are left out, so that others take their place; these still show which values the operation has. Or all values are made up, by an
    operation that is drawn for the problem: then an excerpt of as many words says nothing.

    A fact is its two operands, the symbol between them, and the value. Chance draws the other facts by the steps and the query of the
    problem, so that equal problems have equal excerpts.

    >>> from synthtasks import Program, rng
    >>> p = Program(steps=2, lines=3)(rng("example"))
    >>> p.proof[0].primitive.symbol, p.proof[0].arguments
    ('*', (0, 8))
    >>> " ".join(Excerpt(facts=3)(p))
    ': 9 * 5 5 0 * 8 0 6 * 9 4'

    Raises:
        ValueError: if the operation is not binary; when called, if the problem has
            another modulus, the solution looks up more facts, or the table is too small.
    """

    operation: Primitive = MUL  # its facts are stated, wherever a step applies the operation of its name
    modulus: Annotated[int, From(2)] = 10  # of the operation, and of the problems
    facts: Annotated[int, From(1)] = 6
    asked: Literal["stated", "left out", "made up"] = "stated"

    def __post_init__(self) -> None:
        check(self)
        if self.operation.arity != 2:
            raise ValueError(
                f"an excerpt is of a binary operation; {self.operation.name} takes {self.operation.arity or 'any number of'} operands"
            )

    def __call__(self, problem: Problem) -> Words:
        """The words of the excerpt for a problem: 1 + 4 times `facts`."""
        if problem.modulus != self.modulus:
            raise ValueError(
                f"an excerpt of an operation modulo {self.modulus} says nothing about problems modulo {problem.modulus}; make them equal"
            )
        m, asked, path = self.modulus, self.looked_up(problem), (problem.query, *map(str, problem.steps))
        operation = arbitrary(self.operation, m, "made up", *path) if self.asked == "made up" else self.operation
        g = rng("excerpt", *path)
        others = [(left, right) for left in range(m) for right in range(m) if (left, right) not in asked]
        stated = [] if self.asked == "left out" else asked
        if not 0 <= (more := self.facts - len(stated)) <= len(others):
            raise ValueError(
                f"an excerpt of {self.facts} facts cannot hold {len(stated)} that are asked and {more} of {len(others)} others"
            )
        stated = [*stated, *(others[int(i)] for i in g.permutation(len(others))[:more])]
        return (OPENS, *(word for i in g.permutation(len(stated)) for word in _fact(operation, *stated[int(i)], m)))

    def looked_up(self, problem: Problem) -> list[tuple[Value, Value]]:
        """The operands of the steps of the proof that apply the operation, each pair once."""
        values = problem.values
        pairs = [s.arguments for s in problem.proof if s.primitive.name == self.operation.name]
        return list(dict.fromkeys((_value(left, values), _value(right, values)) for left, right in pairs))


def _fact(operation: Primitive, left: Value, right: Value, modulus: int) -> Words:
    return str(left), operation.symbol, str(right), str(operation(left, right, modulus=modulus))


def _value(operand: str | Value, values: Mapping[str, Value]) -> Value:
    return values[operand] if isinstance(operand, str) else operand
