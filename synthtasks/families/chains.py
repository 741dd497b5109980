"""Chains: every step uses the result of the step before it."""

from synthtasks.families.dials import Forced
from synthtasks.families.kit.family import label
from synthtasks.primitives import Given, Operation
from synthtasks.problem import Problem, Step

CHAIN = (
    Forced("steps", "depth", "a chain: every step needs the one before it"),
    Forced("steps", "statements", "a chain has no steps beside it"),
)


def chain(start: int, steps: list[tuple[Operation, tuple[int, ...]]], modulus: int, tables: tuple[Given, ...] = ()) -> Problem:
    """A chain from `start`: each operation takes the previous result and values of its own."""
    chained: list[Step] = []
    for i, (operation, values) in enumerate(steps):
        chained.append(Step(label(i), operation, (chained[-1].name if chained else start, *values)))
    return Problem(tuple(chained), chained[-1].name, modulus, tables=tables)
