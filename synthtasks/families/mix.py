"""A weighted mixture of families is a family."""

from dataclasses import dataclass
from itertools import accumulate
from typing import Annotated

import numpy as np

from synthtasks.checked import Above, check
from synthtasks.families.kit.family import Family, has_one_derivation
from synthtasks.families.kit.fit import told_apart
from synthtasks.primitives import Operation
from synthtasks.problem import Problem


@dataclass(frozen=True)
class Part:
    """A family, and how often its problems come, relative to the others.

    Raises:
        ValueError: if the weight is not positive and finite.
    """

    weight: Annotated[float, Above(0)]
    family: Family

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Mix:
    """Problems of several families; each problem is of one of them.

    >>> from synthtasks import Circuit, Tree, rng
    >>> mix = Mix((Part(3, Tree()), Part(1, Circuit())))
    >>> [mix(rng("example", i)).modulus for i in range(8)]
    [2, 10, 10, 10, 10, 10, 2, 10]

    Raises:
        ValueError: if there is no part, two are of one family, or two primitives have one name or symbol.
    """

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        check(self)
        if not self.parts:
            raise ValueError("a mixture needs at least one part; found none")
        families = [part.family for part in self.parts]
        if twice := [family for family in families if families.count(family) > 1]:
            raise ValueError(f"a mixture holds a family once; found {len(twice)} parts of {twice[0]}: add up their weights")
        told_apart("Mix.parts", self.primitives)

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

    @property
    def one_derivation(self) -> bool:
        return all(has_one_derivation(part.family) for part in self.parts)

    def __call__(self, g: np.random.Generator) -> Problem:
        ends = list(accumulate(part.weight for part in self.parts))
        at = g.random() * ends[-1]
        return next(part for part, end in zip(self.parts, ends, strict=True) if at < end).family(g)
