"""Families of random graphs, alone (`Tree`) or among distractors (`Dag`, `Circuit`)."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, ClassVar, Literal, Self

import numpy as np

from synthtasks.checked import From, check
from synthtasks.domains import Value
from synthtasks.families.dials.dial import Forced
from synthtasks.families.kit.family import labels
from synthtasks.families.kit.fit import applicable
from synthtasks.families.kit.graphs import Draws, Shape, grow, proof
from synthtasks.primitives import MANY, Primitive
from synthtasks.problem import Problem, Step, Surplus

Order = Literal["topological", "shuffled"]


@dataclass(frozen=True)
class Graph(ABC):
    """A family whose proofs are random graphs of `steps` steps, `depth` of them on the longest path."""

    steps: Annotated[int, From(1)] = 6
    depth: Annotated[int, From(1)] = 4

    folds: ClassVar[tuple[Primitive, ...]] = ()  # primitives of any number of operands that it may hold
    forced: ClassVar[tuple[Forced, ...]] = (
        Forced("steps", "width", "at the same depth, more steps leave more of them side by side"),
        Forced("depth", "width", "at the same number of steps, a longer path leaves fewer steps beside it"),
    )

    def __post_init__(self) -> None:
        check(self)
        applicable(f"{type(self).__name__}.primitives", self.primitives, 1, 2, besides=self.folds)
        _ = self.shape  # refuses dials that contradict each other
        if not any(p.arity == 2 for p in self.operations):
            raise ValueError(f"a graph needs a primitive of two operands; found {[p.name for p in self.primitives]}")

    @property
    @abstractmethod
    def primitives(self) -> tuple[Primitive, ...]: ...
    @property
    @abstractmethod
    def modulus(self) -> int: ...
    @property
    @abstractmethod
    def shape(self) -> Shape: ...

    @property
    def names(self) -> int:
        return self.steps

    @cached_property
    def operations(self) -> tuple[Primitive, ...]:
        """Primitives of the steps that are no totals."""
        return tuple(p for p in self.primitives if p.arity != MANY)

    @property
    def one_derivation(self) -> bool:
        """True if the proof is a chain."""
        return self.depth == self.steps

    def at(self, steps: int) -> Self:
        """The family at another number of steps, at the nearest depth that fits."""
        return replace(self, steps=steps, depth=self.shape.depth_for(steps))


class Scattered(Graph):
    """A family of graphs among distractors."""

    branching: int  # distractors that use a step of the proof
    disconnected: int  # distractors that use none
    order: Order
    surplus: Surplus = "refused"

    forced: ClassVar[tuple[Forced, ...]] = (
        *Graph.forced,
        Forced("steps", "statements", "every step of the proof is stated"),
        Forced("branching", "statements", "every distractor is stated"),
        Forced("disconnected", "statements", "every distractor is stated"),
        Forced("branching", "distractors", "these are distractors"),
        Forced("disconnected", "distractors", "these are distractors"),
        Forced("shares", "width", "one more use of a step is one more dependence: fewer steps can be done in parallel"),
    )

    @property
    def names(self) -> int:
        return self.steps + self.branching + self.disconnected

    def __call__(self, g: np.random.Generator) -> Problem:
        """A random problem: proof, distractors and the order of statements."""
        draws, primitives, modulus = Draws(g), self.operations, self.modulus
        names = draws.some(labels(self.names), self.names)
        steps = list(proof(grow(self.shape, draws), primitives, modulus, names, draws))
        query = steps[-1].name
        proof_names, disconnected = [s.name for s in steps], list[str]()
        for i, name in enumerate(names[len(steps) :]):
            pool = proof_names if i < self.branching else disconnected
            used: str | Value = pool[draws.below(len(pool))] if pool and (i < self.branching or draws.below(2)) else draws.below(modulus)
            primitive = primitives[draws.below(len(primitives))]
            arguments = [used] if primitive.arity == 1 else [used, draws.below(modulus)] if draws.below(2) else [draws.below(modulus), used]
            steps.append(Step(name, primitive, tuple(arguments)))
            if i >= self.branching:
                disconnected.append(name)
        return Problem(tuple(steps), query, modulus, _ordered(steps, self.order, draws), self.surplus)


def _ordered(steps: list[Step], order: Order, draws: Draws) -> tuple[str, ...]:
    """Step names in the order of their statements: shuffled, or each at a random place after the steps it uses."""
    if order == "shuffled":
        return tuple(draws.some([step.name for step in steps], len(steps)))
    names: list[str] = []
    for step in steps:
        after = max((names.index(a) + 1 for a in step.arguments if isinstance(a, str)), default=0)
        names.insert(after + draws.below(len(names) + 1 - after), step.name)
    return tuple(names)
