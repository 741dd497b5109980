"""A problem is a DAG of primitive applications with one queried step; its values follow from its structure."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import networkx as nx

from synthtasks.primitives import Primitive

Split = Literal["train", "test"]
TEST_SHARE = 1 / 8  # of the canonical forms
COMPOSED = 3  # steps: shorter proofs are facts, which longer training problems state anyway


@dataclass(frozen=True)
class Step:
    """`name = primitive(*arguments)`. A `str` argument names an earlier step; an `int` is a number given in the problem."""

    name: str
    primitive: Primitive
    arguments: tuple[str | int, str | int]


@dataclass(frozen=True)
class Problem:
    """A directed acyclic graph of steps on Z_modulus, and the step whose value is asked for.

    Raises:
        ValueError: if two steps share a name, an argument is not defined before its use, a number lies outside
            [0, modulus), or the query names no step.
    """

    steps: tuple[Step, ...]  # topologically ordered
    query: str
    modulus: int

    def __post_init__(self) -> None:
        defined: set[str] = set()
        for step in self.steps:
            for argument in step.arguments:
                if isinstance(argument, str) and argument not in defined:
                    raise ValueError(f"step {step.name!r} uses {argument!r} before it is defined; put the steps in topological order")
                if isinstance(argument, int) and not 0 <= argument < self.modulus:
                    raise ValueError(f"step {step.name!r} holds {argument}, which is not in [0, {self.modulus})")
            if step.name in defined:
                raise ValueError(f"two steps are called {step.name!r}; names must differ")
            defined.add(step.name)
        if self.query not in defined:
            raise ValueError(f"the query {self.query!r} names no step; there are {sorted(defined)}")

    @cached_property
    def by_name(self) -> dict[str, Step]:
        return {step.name: step for step in self.steps}

    @cached_property
    def values(self) -> dict[str, int]:
        """The true value of every step, distractors included, by evaluating the graph."""
        known: dict[str, int] = {}
        for step in self.steps:
            left, right = (known[a] if isinstance(a, str) else a for a in step.arguments)
            known[step.name] = step.primitive(left, right, modulus=self.modulus)
        return known

    @cached_property
    def proof(self) -> tuple[Step, ...]:
        """The steps that the answer depends on, in order: the shortest complete solution."""
        needed = {self.query}
        for step in reversed(self.steps):
            if step.name in needed:
                needed.update(a for a in step.arguments if isinstance(a, str))
        return tuple(step for step in self.steps if step.name in needed)

    @property
    def answer(self) -> int:
        return self.values[self.query]

    @cached_property
    def graph(self) -> "nx.DiGraph[str]":
        """The dependency graph: an edge from each step to the steps that use it."""
        graph: nx.DiGraph[str] = nx.DiGraph()
        graph.add_nodes_from(step.name for step in self.steps)
        graph.add_edges_from((a, step.name) for step in self.steps for a in step.arguments if isinstance(a, str))
        return graph

    @cached_property
    def key(self) -> str:
        """What the answer depends on, in canonical form, hashed.

        Names, order and distractors do not enter, operands that commute are sorted, and a primitive counts by its
        truth table. So no seed, surface, shuffle or renaming makes another problem of this one.
        """
        return self._digests[self.query]

    @cached_property
    def _digests(self) -> dict[str, str]:
        """The canonical form of every step of the proof, hashed: equal for steps that say the same."""
        digests: dict[str, str] = {}
        for step in self.proof:
            operands = [digests[a] if isinstance(a, str) else str(a) for a in step.arguments]
            if step.primitive.commutes(self.modulus):
                operands.sort()
            form = f"{self.modulus} {step.primitive.digest(self.modulus)} {operands[0]} {operands[1]}"
            digests[step.name] = hashlib.sha256(form.encode()).hexdigest()
        return digests

    @property
    def split(self) -> Split | Literal["both"]:
        """ "test" for one canonical form in eight. A property of the problem, so no seed can leak one into the other.

        Proofs of fewer than three steps are in "both": they are facts, of which every longer training problem states
        some, and there are too few of them to hold any back. Only longer problems are unseen compositions.
        """
        if len(set(self._digests.values())) < COMPOSED:  # a step that is said twice is one fact, as in `key`
            return "both"
        return "test" if int(self.key[:8], 16) < TEST_SHARE * 2**32 else "train"
