"""Boolean circuits."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

import numpy as np

from synthtasks.checked import From, check
from synthtasks.families.dials import Dial, Forced
from synthtasks.families.dials.quantities import branching_off, length, longest_path, shared_uses, unconnected
from synthtasks.families.dials.reasons import BESIDE, SHARED, STATED
from synthtasks.families.kit.distractors import Order, Scattered, consistent, scattered
from synthtasks.families.kit.fit import applicable
from synthtasks.families.kit.graphs import Draws, Shape
from synthtasks.primitives import GATES, Primitive
from synthtasks.problem import Problem


@dataclass(frozen=True)
class Circuit(Scattered):
    """Boolean circuits: gates take bits and outputs of other gates; the problem asks for the output (as in arXiv:2402.12875).

    The circuit value problem is P-complete: a transformer without intermediate steps cannot solve it unless L = P (arXiv:2207.00729).

    >>> from synthtasks import rng
    >>> p = Circuit(steps=3, depth=3)(rng("example"))
    >>> [(s.name, s.primitive.symbol, s.arguments) for s in p.proof]
    [('B', 'and', (1, 0)), ('A', 'not', ('B',)), ('C', 'or', ('A', 0))]

    Raises:
        ValueError: if a dial is out of range, or dials contradict each other.
    """

    shares: Annotated[int, From(0)] = 0
    branching: Annotated[int, From(0)] = 0
    disconnected: Annotated[int, From(0)] = 0
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
        check(self)
        applicable("Circuit.primitives", self.primitives, 1, 2)
        consistent(self)

    def __call__(self, g: np.random.Generator) -> Problem:
        return scattered(self, "refused", Draws(g))

    @cached_property
    def shape(self) -> Shape:
        return Shape(self.steps, self.depth, self.shares)
