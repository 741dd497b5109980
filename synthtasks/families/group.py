"""Products of group elements: state tracking of known complexity."""

from dataclasses import dataclass
from itertools import permutations
from typing import Annotated, ClassVar

import numpy as np

from synthtasks.checked import From, check
from synthtasks.families.chains import Chain, chain
from synthtasks.families.dials import Dial
from synthtasks.families.dials.quantities import length
from synthtasks.families.kit.fit import applicable
from synthtasks.primitives import Operation, Primitive
from synthtasks.problem import Problem

SYMMETRIC = {n: tuple(permutations(range(n))) for n in (3, 5)}  # the elements of S_n in lexicographic order: the identity first
PLACES = {n: {element: i for i, element in enumerate(elements)} for n, elements in SYMMETRIC.items()}


def _compose(n: int, a: int, b: int) -> int:
    """The permutation `a`, then `b`."""
    first, then = SYMMETRIC[n][a], SYMMETRIC[n][b]
    return PLACES[n][tuple(then[i] for i in first)]


def _s3(a: int, b: int, modulus: int) -> int:
    """The permutation that applies the first, then the second; those of 0 to 2 are numbered from 0 in lexicographic order."""
    return _compose(3, a, b)


def _s5(a: int, b: int, modulus: int) -> int:
    """The permutation that applies the first, then the second; those of 0 to 4 are numbered from 0 in lexicographic order."""
    return _compose(5, a, b)


def _z(a: int, b: int, modulus: int) -> int:
    """The sum of the two, modulo m."""
    return (a + b) % modulus


S3, S5, Z = Primitive("s3", "s3", _s3), Primitive("s5", "s5", _s5), Primitive("z", "z", _z)
ORDERS = {S3: 6, S5: 120}


@dataclass(frozen=True)
class Group(Chain):
    """Word problems: the running product of group elements (arXiv:2404.08819, arXiv:2210.10749).

    Elements are numbered: permutations of S_3 and S_5 in lexicographic order; Z_m holds the residues. S_5 is not
    solvable, so its word problem is NC1-complete; those of S_3 and Z_m lie in TC0.

    >>> from synthtasks import rng
    >>> p = Group(steps=3, product=S3)(rng("example"))
    >>> [(s.name, s.arguments, p.values[s.name]) for s in p.steps]
    [('A', (2, 3), 5), ('B', ('A', 2), 4), ('C', ('B', 0), 4)]

    Raises:
        ValueError: if there is no step, or the order does not fit the group.
    """

    steps: Annotated[int, From(1)] = 4
    product: Primitive = S5
    order: Annotated[int, From(0)] = 0  # of Z_m; 0 for S_3 and S_5

    dials: ClassVar[tuple[Dial, ...]] = (Dial("steps", (2, 4, 6, 8, 10), length),)

    def __post_init__(self) -> None:
        check(self)
        applicable("Group.product", (self.product,), 2)
        if (self.product in ORDERS) == (self.order != 0) or self.order == 1:
            found = f"product {self.product.name!r}, order={self.order}"
            raise ValueError(f"S_3 and S_5 take order=0, other groups an order of at least 2; found {found}")

    @property
    def modulus(self) -> int:
        return self.order or ORDERS[self.product]

    @property
    def primitives(self) -> tuple[Operation, ...]:
        return (self.product,)

    def __call__(self, g: np.random.Generator) -> Problem:
        start, *letters = g.integers(self.modulus, size=self.steps + 1).tolist()
        return chain(start, [(self.product, (letter,)) for letter in letters], self.modulus)
