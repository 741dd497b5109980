"""Expression trees."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np

from synthtasks.checked import From
from synthtasks.families.dials import Dial, Forced
from synthtasks.families.dials.quantities import domain_size, length, longest_path
from synthtasks.families.kit.distractors import Graph
from synthtasks.families.kit.family import labels
from synthtasks.families.kit.graphs import Draws, Shape, grow, proof
from synthtasks.primitives import ADD, MUL, SUB, Primitive
from synthtasks.problem import Problem


@dataclass(frozen=True)
class Tree(Graph):
    """Expressions in brackets: every step is used once (Mano, arXiv:2512.17351; modular arithmetic, arXiv:2207.02098).

    Steps are named in the order of evaluation, so `Nested` can write the problem as one expression.

    >>> from synthtasks import rng
    >>> p = Tree(steps=3, depth=2)(rng("example"))
    >>> [(s.name, s.primitive.symbol, s.arguments) for s in p.steps]
    [('A', '+', (0, 8)), ('B', '+', (2, 8)), ('C', '+', ('A', 'B'))]

    Raises:
        ValueError: if a dial is out of range, or dials contradict each other.
    """

    primitives: tuple[Primitive, ...] = (ADD, SUB, MUL)
    modulus: Annotated[int, From(2)] = 10

    dials: ClassVar[tuple[Dial, ...]] = (
        Dial("steps", (6, 7, 8, 9, 10, 11), length),
        Dial("depth", (4, 5, 6), longest_path),
        Dial("modulus", (7, 10, 13), domain_size),
    )
    forced: ClassVar[tuple[Forced, ...]] = (*Graph.forced, Forced("steps", "statements", "a tree has no distractors"))

    @cached_property
    def shape(self) -> Shape:
        return Shape(self.steps, self.depth)

    def __call__(self, g: np.random.Generator) -> Problem:
        draws = Draws(g)
        names = labels(self.steps)
        steps = proof(grow(self.shape, draws), self.primitives, self.modulus, names, draws)
        return Problem(steps, steps[-1].name, self.modulus)
