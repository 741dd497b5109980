"""Graphs among distractors: what `Dag` and `Circuit` have in common."""

from typing import Literal, Protocol

from synthtasks.domains import Value
from synthtasks.families.kit.family import labels
from synthtasks.families.kit.graphs import Draws, Shape, grow, proof
from synthtasks.primitives import Primitive
from synthtasks.problem import Problem, Step, Surplus

Order = Literal["topological", "shuffled"]


class Scattered(Protocol):
    """A family whose problems state a proof among steps that it does not need."""

    @property
    def shape(self) -> Shape: ...
    @property
    def branching(self) -> int: ...  # distractors that use a step of the proof
    @property
    def disconnected(self) -> int: ...  # distractors that use none
    @property
    def order(self) -> Order: ...
    @property
    def primitives(self) -> tuple[Primitive, ...]: ...
    @property
    def operations(self) -> tuple[Primitive, ...]: ...  # what steps other than totals apply
    @property
    def modulus(self) -> int: ...
    @property
    def names(self) -> int: ...


def consistent(family: Scattered) -> None:
    """Refuse dials that contradict each other.

    Raises:
        ValueError: if they do.
    """
    _ = family.shape  # which refuses dials that contradict each other
    if not any(p.arity == 2 for p in family.operations):
        raise ValueError(f"a graph needs a primitive of two operands; found {[p.name for p in family.primitives]}")


def scattered(family: Scattered, surplus: Surplus, draws: Draws) -> Problem:
    """A problem of the family: its proof, its distractors, and all of them in its order."""
    primitives, modulus = family.operations, family.modulus
    names = draws.some(labels(family.names), family.names)
    steps = list(proof(grow(family.shape, draws), primitives, modulus, names, draws))
    query = steps[-1].name
    needed, apart = [s.name for s in steps], list[str]()
    for i, name in enumerate(names[len(steps) :]):
        pool = needed if i < family.branching else apart
        one: str | Value = pool[draws.below(len(pool))] if pool and (i < family.branching or draws.below(2)) else draws.below(modulus)
        primitive = primitives[draws.below(len(primitives))]
        arguments = [one] if primitive.arity == 1 else [one, draws.below(modulus)] if draws.below(2) else [draws.below(modulus), one]
        steps.append(Step(name, primitive, tuple(arguments)))
        if i >= family.branching:
            apart.append(name)
    return Problem(tuple(steps), query, modulus, _ordered(steps, family.order, draws), surplus)


def _ordered(steps: list[Step], order: Order, draws: Draws) -> tuple[str, ...]:
    """The names in the order of their statements: all shuffled, or each somewhere after those it uses."""
    if order == "shuffled":
        return tuple(draws.some([step.name for step in steps], len(steps)))
    names: list[str] = []
    for step in steps:
        after = max((names.index(a) + 1 for a in step.arguments if isinstance(a, str)), default=0)
        names.insert(after + draws.below(len(names) + 1 - after), step.name)
    return tuple(names)
