"""Primitives: the atoms of reasoning, binary operations on the integers modulo m.

A family holds its primitives as values, so a primitive of one's own is one line and nothing is registered:

>>> def absolute_difference(a: int, b: int, modulus: int) -> int:
...     return abs(a - b)
>>> Primitive("difference", "~", absolute_difference)(2, 9, modulus=10)
7
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Primitive:
    """An operation on Z_m. Its identity is its truth table at the modulus: an edited primitive is a new one.

    `apply(a, b, modulus)` must be a function at the top level of a module, so that it survives pickling.
    """

    name: str  # by which claims and exposures speak of it
    symbol: str  # the one word by which surfaces write it
    apply: Callable[[int, int, int], int]

    def __call__(self, left: int, right: int, *, modulus: int) -> int:
        """The value of the operation, in [0, modulus).

        Raises:
            ValueError: if `apply` leaves Z_modulus.
        """
        value = self.apply(left, right, modulus)
        if not 0 <= value < modulus:
            raise ValueError(f"{self.name}({left}, {right}) gave {value}, which is not in [0, {modulus}); reduce it modulo m")
        return value

    def table(self, modulus: int) -> tuple[tuple[int, ...], ...]:
        """The truth table: row `left`, column `right`."""
        return _table(self, modulus)

    def digest(self, modulus: int) -> str:
        """The identity of the operation on Z_modulus, whatever it is called."""
        return _digest(self, modulus)

    def commutes(self, modulus: int) -> bool:
        """Whether the operands may be swapped."""
        table = self.table(modulus)
        return table == tuple(zip(*table, strict=True))


@cache
def _table(primitive: Primitive, modulus: int) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(primitive(a, b, modulus=modulus) for b in range(modulus)) for a in range(modulus))


@cache
def _digest(primitive: Primitive, modulus: int) -> str:
    return hashlib.sha256(repr(_table(primitive, modulus)).encode()).hexdigest()[:16]


def _add(a: int, b: int, modulus: int) -> int:
    return (a + b) % modulus


def _sub(a: int, b: int, modulus: int) -> int:
    return (a - b) % modulus


def _mul(a: int, b: int, modulus: int) -> int:
    return a * b % modulus


def _max(a: int, b: int, modulus: int) -> int:
    return max(a, b)


def _min(a: int, b: int, modulus: int) -> int:
    return min(a, b)


ADD = Primitive("add", "+", _add)
SUB = Primitive("sub", "-", _sub)
MUL = Primitive("mul", "*", _mul)
MAX = Primitive("max", "^", _max)
MIN = Primitive("min", "_", _min)

PRIMITIVES = {p.name: p for p in (ADD, SUB, MUL, MAX, MIN)}
"""The built-in primitives by name."""
