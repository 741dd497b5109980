"""Chains: every step uses the result of the step before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from synthtasks.checked import From
from synthtasks.domains import Value
from synthtasks.families.dials import Forced
from synthtasks.families.kit.family import label
from synthtasks.primitives import Given, Operation
from synthtasks.problem import Problem, Step

CHAIN = (
    Forced("steps", "depth", "a chain: every step needs the one before it"),
    Forced("steps", "statements", "a chain has no steps beside it"),
)


@dataclass(frozen=True)
class Chain:
    """A family of chains of `steps` steps and nothing else."""

    steps: Annotated[int, From(1)]

    one_derivation: ClassVar[bool] = True
    forced: ClassVar[tuple[Forced, ...]] = CHAIN

    @property
    def names(self) -> int:
        return self.steps


def chain(
    start: Value,
    steps: Sequence[tuple[Operation, tuple[int, ...]]],
    modulus: int,
    tables: tuple[Given, ...] = (),
    definitions: tuple[tuple[str, str], ...] = (),
) -> Problem:
    """A chain from `start`: each operation takes the previous result and values of its own."""
    chained: list[Step] = []
    for i, (operation, values) in enumerate(steps):
        chained.append(Step(label(i), operation, (chained[-1].name if chained else start, *values)))
    return Problem(tuple(chained), chained[-1].name, modulus, tables=tables, definitions=definitions)
