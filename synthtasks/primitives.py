"""Primitives: operations on a small domain, the integers modulo m or texts.

A family holds its primitives as values. Define your own without registering it:

>>> def absolute_difference(a: int, b: int, modulus: int) -> int:
...     return abs(a - b)
>>> Primitive("difference", "~", absolute_difference)(2, 9, modulus=10)
7
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, is_dataclass
from functools import cache, cached_property, reduce
from itertools import chain, product
from types import FunctionType
from typing import NamedTuple, Protocol, TypeVar

from synthtasks.domains import RESIDUES, Domain, Residues, Texts, Value
from synthtasks.mixing import of_text

Result = TypeVar("Result")
MANY = 0  # arity of a primitive that folds any number of operands from the left


class Form(NamedTuple):
    """An operation in the canonical form of a step."""

    identity: int  # a hash
    commutes: bool  # operands may be permuted


class Operation(Protocol):
    """The operation of a step: a `Primitive`, or a table that is `Given` in the problem."""

    @property
    def name(self) -> str: ...
    @property
    def symbol(self) -> str: ...
    @property
    def arity(self) -> int: ...
    def __call__(self, *operands: Value, modulus: int) -> Value: ...
    def form(self, operands: tuple[Value, ...], modulus: int) -> Form: ...  # that of a table depends on the operands


@dataclass(frozen=True)
class Primitive:
    """An operation on a domain of size m. Its identity is its truth table at m: an edited primitive is a new one.

    `apply(*operands, modulus)` must be a function at the top level of a module, so that it can be pickled.
    """

    name: str  # in claims and exposures
    symbol: str  # in surfaces: one word, written between two operands if it is a sign, else before them
    apply: Callable[..., Value]
    arity: int = 2  # operands; `MANY`: any number
    domain: Domain = RESIDUES  # of operands and value

    def __hash__(self) -> int:
        return hash(self.name)  # enough, and fast: a family is hashed with all its primitives

    def __call__(self, *operands: Value, modulus: int) -> Value:
        """The value of the operation, in the domain.

        Raises:
            ValueError: if `apply` leaves the domain.
        """
        value = self.apply(*operands, modulus) if self.arity else reduce(lambda a, b: self.apply(a, b, modulus), operands)
        if type(value) is int and self.domain is RESIDUES and 0 <= value < modulus:  # the common case, on the hot path
            return value
        if not self.domain.holds(value, modulus):
            arguments = ", ".join(map(str, operands))
            raise ValueError(f"{self.name}({arguments}) gave {value!r}, which is not {self.domain.range(modulus)}; reduce it modulo m")
        return value

    def table(self, modulus: int) -> tuple[object, ...]:
        """The truth table, nested by operand: `table[left][right]` for a binary primitive.

        Raises:
            ValueError: if it would have more than `LARGEST` entries.
        """
        return _table(self, modulus)

    def digest(self, modulus: int) -> str:
        """The identity of the operation at this modulus, independent of its name: a hash of its truth table.

        The table is complete for residues; for texts, which are too many, it samples every length.
        """
        return _digest(self, modulus)

    def canonical(self, modulus: int) -> dict[str, str]:
        """All that tells it from other operations at this modulus."""
        return {"name": self.name, "symbol": self.symbol, "table": self.digest(modulus)}

    def origin(self) -> dict[str, object]:
        """By what it can be made again: its arity, its domain, and where its function is, if at the top level of a module."""
        function = getattr(self.apply, "__qualname__", None)
        domain = self.domain if is_dataclass(self.domain) else None
        return {"arity": self.arity, "domain": domain, "function": function and f"{self.apply.__module__}.{function}"}

    def form(self, operands: tuple[Value, ...], modulus: int) -> Form:
        """The digest as a number, and whether operands commute; independent of the operands."""
        form = self._forms.get(modulus)
        if form is None:
            form = self._forms[modulus] = Form(of_text(f"{modulus} {_digest(self, modulus)}"), _commutes(self, modulus))
        return form

    @cached_property
    def _forms(self) -> dict[int, Form]:
        """Forms by modulus: every key of a problem needs one, and a cache keyed by the primitive would be slow."""
        return {}


@dataclass(frozen=True)
class Given:
    """A unary operation that the problem states entry by entry; for operands without an entry, `otherwise` applies.

    Only the entry that is looked up enters the canonical form of a problem: the others are distractors.
    """

    name: str
    symbol: str
    entries: tuple[tuple[int, int], ...]  # (operand, value), in the order in which they are stated
    otherwise: Primitive | None = None
    arity: int = 1

    def __call__(self, *operands: Value, modulus: int) -> Value:
        """The stated value.

        Raises:
            ValueError: if there is neither an entry nor `otherwise`.
        """
        for operand, value in self.entries:
            if (operand,) == operands:
                return value
        if self.otherwise is None:
            raise ValueError(f"{self.name} has entries for {[a for a, _ in self.entries]}; found {operands[0]}: add it or give `otherwise`")
        return self.otherwise(*operands, modulus=modulus)

    def form(self, operands: tuple[Value, ...], modulus: int) -> Form:
        """The form of the entry that is looked up, with that of `otherwise`; of `otherwise` alone if there is no entry."""
        if self.otherwise and operands[0] not in {operand for operand, _ in self.entries}:
            return self.otherwise.form(operands, modulus)
        usual = self.otherwise.digest(modulus) if self.otherwise else "given"
        return Form(of_text(f"{modulus} {usual} {operands[0]} gives {self(*operands, modulus=modulus)}"), commutes=False)


def _cached(compute: Callable[[Primitive, int], Result]) -> Callable[[Primitive, int], Result]:
    """Cache results of plain primitives. Others, such as callable objects, may be equal and still behave differently."""
    cached = cache(compute)

    def result(primitive: Primitive, modulus: int) -> Result:
        plain = type(primitive) is Primitive and isinstance(primitive.apply, FunctionType) and type(primitive.domain) in (Residues, Texts)
        return cached(primitive, modulus) if plain else compute(primitive, modulus)

    return result


@_cached
def _table(primitive: Primitive, modulus: int) -> tuple[object, ...]:
    probes, arity = primitive.domain.probes(modulus), primitive.arity or 2
    if len(probes) ** arity > LARGEST:
        size = f"{len(probes)}**{arity} entries, of at most {LARGEST:,}"
        raise ValueError(f"the table of {primitive.name} would have {size}; take a smaller modulus")

    def nested(operands: tuple[Value, ...], left: int) -> object:
        if not left:
            return primitive(*operands, modulus=modulus)
        return tuple(nested((*operands, probe), left - 1) for probe in probes)

    rows = nested((), arity)
    assert isinstance(rows, tuple)
    return rows


@_cached
def _digest(primitive: Primitive, modulus: int) -> str:
    many = "many " if primitive.arity == MANY else ""
    samples = [_outcome(primitive, row, modulus) for row in primitive.domain.rows(modulus, primitive.arity or 2)]
    return hashlib.sha256((many + repr(_table(primitive, modulus)) + (repr(samples) if samples else "")).encode()).hexdigest()[:16]


def _outcome(primitive: Primitive, operands: tuple[Value, ...], modulus: int) -> Value | None:
    """The value of the operation; None where it leaves the domain, for example by lengthening a long text."""
    try:
        return primitive(*operands, modulus=modulus)
    except ValueError:
        return None


@_cached
def _commutes(primitive: Primitive, modulus: int) -> bool:
    probes, rows = primitive.domain.probes(modulus), primitive.domain.rows
    if primitive.arity != MANY:
        arity = primitive.arity
        return arity > 1 and _exchangeable(primitive, modulus, chain(product(probes, repeat=arity), rows(modulus, arity)))
    return (
        _exchangeable(primitive, modulus, chain(product(probes, repeat=2), rows(modulus, 2)))
        and _exchangeable(primitive, modulus, chain(product(probes[:TRIPLES], repeat=3), rows(modulus, 3)))
        and (not isinstance(primitive.domain, Residues) or _exchangeable_after(primitive, modulus))
    )


def _exchangeable(primitive: Primitive, modulus: int, rows: Iterable[tuple[Value, ...]]) -> bool:
    """True if swapping two adjacent operands changes no value, in any of these rows."""
    return all(
        _outcome(primitive, row, modulus) == _outcome(primitive, (*row[:i], row[i + 1], row[i], *row[i + 2 :]), modulus)
        for row in rows
        for i in range(len(row) - 1)
    )


def _exchangeable_after(primitive: Primitive, modulus: int) -> bool:
    """True if the last two of three residues may be swapped after every first one, or after a sample of these if they are too many."""
    table = primitive.table(modulus)
    firsts = range(0, modulus, max(1, modulus // TRIPLES)) if modulus**3 > LARGEST else range(modulus)
    for first in (*firsts, modulus - 1):
        folded = [table[x] for x in table[first]]
        if folded != list(zip(*folded, strict=True)):
            return False
    return True


LARGEST = 10_000_000  # entries of a table
TRIPLES = 16  # values of each operand in tests of whether a primitive of many operands may permute them


def _add(a: int, b: int, modulus: int) -> int:
    """The sum of the two, modulo m."""
    return (a + b) % modulus


def _sub(a: int, b: int, modulus: int) -> int:
    """The first minus the second, modulo m."""
    return (a - b) % modulus


def _mul(a: int, b: int, modulus: int) -> int:
    """The product of the two, modulo m."""
    return a * b % modulus


def _max(a: int, b: int, modulus: int) -> int:
    """The larger of the two."""
    return max(a, b)


def _min(a: int, b: int, modulus: int) -> int:
    """The smaller of the two."""
    return min(a, b)


ADD = Primitive("add", "+", _add)
SUB = Primitive("sub", "-", _sub)
MUL = Primitive("mul", "*", _mul)
MAX = Primitive("max", "max", _max)
MIN = Primitive("min", "min", _min)
SUM = Primitive("sum", "sum", _add, MANY)

PRIMITIVES = {p.name: p for p in (ADD, SUB, MUL, MAX, MIN)}
"""The built-in binary primitives by name."""


def _not(a: int, modulus: int) -> int:
    """1 minus the operand."""
    return 1 - a


def _xor(a: int, b: int, modulus: int) -> int:
    """1 if exactly one of the two is 1, else 0."""
    return a ^ b


def _nand(a: int, b: int, modulus: int) -> int:
    """0 if both are 1, else 1."""
    return 1 - a * b


AND = Primitive("and", "and", _min)
OR = Primitive("or", "or", _max)
XOR = Primitive("xor", "xor", _xor)
NAND = Primitive("nand", "nand", _nand)
NOT = Primitive("not", "not", _not, 1)

GATES = (AND, OR, XOR, NAND, NOT)
"""Boolean gates: primitives at modulus 2."""
