"""State that is carried along: every step needs the one before it."""

from synthtasks.families.dials import Forced
from synthtasks.families.kit.family import label
from synthtasks.primitives import Given, Operation
from synthtasks.problem import Problem, Step

CHAIN = (
    Forced("steps", "depth", "a chain: every step needs the one before it"),
    Forced("steps", "statements", "a chain has no steps beside it"),
)


def chain(start: int, steps: list[tuple[Operation, tuple[int, ...]]], modulus: int, tables: tuple[Given, ...] = ()) -> Problem:
    """Each of `steps` applied to what the one before it gave, and to values of its own."""
    made: list[Step] = []
    for i, (operation, values) in enumerate(steps):
        made.append(Step(label(i), operation, (made[-1].name if made else start, *values)))
    return Problem(tuple(made), made[-1].name, modulus, tables=tables)
