"""Boolean circuits."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

from synthtasks.checked import From
from synthtasks.families.dials import Dial
from synthtasks.families.dials.quantities import branching_off, length, longest_path, shared_uses, unconnected
from synthtasks.families.kit.distractors import Order, Scattered
from synthtasks.families.kit.graphs import Shape
from synthtasks.primitives import GATES, Primitive


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

    @cached_property
    def shape(self) -> Shape:
        return Shape(self.steps, self.depth, self.shares)
