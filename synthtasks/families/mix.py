"""A weighted mixture of families is a family."""

from dataclasses import dataclass
from itertools import accumulate
from typing import Annotated

import numpy as np

from synthtasks.checked import Above, Checked, check
from synthtasks.families.kit.family import Family, has_one_derivation
from synthtasks.families.kit.fit import told_apart
from synthtasks.primitives import Operation
from synthtasks.problem import Problem


@dataclass(frozen=True)
class Part(Checked):
    """A component of a mixture: a family and its relative weight.

    Raises:
        ValueError: if the weight is not positive and finite.
    """

    weight: Annotated[float, Above(0)]
    family: Family


@dataclass(frozen=True)
class Mix:
    """A mixture of families: each problem comes from one of them, drawn by weight.

    >>> from synthtasks import Circuit, Tree, rng
    >>> mix = Mix((Part(3, Tree()), Part(1, Circuit())))
    >>> [mix(rng("example", i)).modulus for i in range(8)]
    [2, 10, 10, 10, 10, 10, 2, 10]

    Raises:
        ValueError: if there is no part, a family comes twice, or two primitives share a name or a symbol.
    """

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        check(self)
        if not self.parts:
            raise ValueError("a mixture needs at least one part; found none")
        families = [part.family for part in self.parts]
        if twice := [family for family in families if families.count(family) > 1]:
            raise ValueError(f"a mixture holds a family once; found {len(twice)} parts with {twice[0]}: add up their weights")
        told_apart("Mix.parts", self.primitives)

    @property
    def primitives(self) -> tuple[Operation, ...]:
        return tuple(dict.fromkeys(p for part in self.parts for p in part.family.primitives))

    @property
    def modulus(self) -> int:
        """The largest modulus of the families."""
        return max(part.family.modulus for part in self.parts)

    @property
    def names(self) -> int:
        return max(part.family.names for part in self.parts)

    @property
    def one_derivation(self) -> bool:
        return all(has_one_derivation(part.family) for part in self.parts)

    def __call__(self, g: np.random.Generator) -> Problem:
        cumulative = list(accumulate(part.weight for part in self.parts))
        point = g.random() * cumulative[-1]
        return next(part for part, end in zip(self.parts, cumulative, strict=True) if point < end).family(g)
