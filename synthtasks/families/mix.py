"""A weighted mixture of families is a family."""

from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from synthtasks.families.family import Family
from synthtasks.primitives import Operation
from synthtasks.problem import Problem


@dataclass(frozen=True)
class Part:
    """A family, and how often its problems come, relative to the others."""

    weight: float
    family: Family


@dataclass(frozen=True)
class Mix:
    """Problems of several families; each problem is of one of them.

    >>> from synthtasks import Circuit, Tree, rng
    >>> mix = Mix((Part(3, Tree()), Part(1, Circuit())))
    >>> [mix(rng("example", i)).modulus for i in range(8)]
    [2, 10, 10, 10, 10, 10, 2, 10]

    Raises:
        ValueError: if there is no part, or a weight is not positive.
    """

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        if not self.parts or any(part.weight <= 0 for part in self.parts):
            raise ValueError(f"a mixture needs parts of positive weight; found weights {[part.weight for part in self.parts]}")

    @property
    def primitives(self) -> tuple[Operation, ...]:
        return tuple(dict.fromkeys(p for part in self.parts for p in part.family.primitives))

    @property
    def modulus(self) -> int:
        """The largest."""
        return max(part.family.modulus for part in self.parts)

    @property
    def names(self) -> int:
        return max(part.family.names for part in self.parts)

    def __call__(self, g: np.random.Generator) -> Problem:
        ends = list(accumulate(part.weight for part in self.parts))
        at = g.random() * ends[-1]
        return next(part for part, end in zip(self.parts, ends, strict=True) if at < end).family(g)
