"""Domains of values, sized by one number m: the integers in [0, m), or texts over the first m letters."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import shake_256
from itertools import product
from typing import Protocol

LETTERS = "abcdefghijklmnopqrstuvwxyz"
LONGEST = 64  # letters of a text
FEW = 1_000  # up to so many texts of one length are all probed
SHORT, OFTEN, SELDOM = 8, 64, 8  # probe OFTEN random texts of each length up to SHORT, and SELDOM of each other length
MOST = 1_000_000  # numbers of a domain, all of which are probed

Value = int | tuple[str, ...]
"""An integer, or a text as a tuple of letters."""


class Domain(Protocol):
    """A set of values for every modulus."""

    def holds(self, value: Value, modulus: int) -> bool: ...
    def range(self, modulus: int) -> str: ...  # in words, for error messages
    def probes(self, modulus: int) -> tuple[Value, ...]: ...  # values that identify an operation,
    def rows(self, modulus: int, arity: int) -> Iterator[tuple[Value, ...]]: ...  # together with these rows of operands


@dataclass(frozen=True)
class Residues:
    """The integers in [0, modulus)."""

    def holds(self, value: Value, modulus: int) -> bool:
        return type(value) is int and 0 <= value < modulus  # no bool, no numpy integer: their repr differs

    def range(self, modulus: int) -> str:
        return f"an int in [0, {modulus})"

    def probes(self, modulus: int) -> tuple[Value, ...]:
        """All residues, so operations are identified exactly.

        Raises:
            ValueError: if there are more than `MOST`.
        """
        if modulus > MOST:
            raise ValueError(f"an operation is identified by all numbers of its domain, at most {MOST:,}; found {modulus:,}")
        return tuple(range(modulus))

    def rows(self, modulus: int, arity: int) -> Iterator[tuple[Value, ...]]:
        """No further rows."""
        return iter(())


@dataclass(frozen=True)
class Texts:
    """The texts of 1 to `LONGEST` letters over the first `modulus` letters of the alphabet."""

    def holds(self, value: Value, modulus: int) -> bool:
        return isinstance(value, tuple) and 0 < len(value) <= LONGEST and set(value) <= set(LETTERS[:modulus])

    def range(self, modulus: int) -> str:
        return f"a text of 1 to {LONGEST} letters of {LETTERS[:modulus]}"

    def probes(self, modulus: int) -> tuple[Value, ...]:
        """All texts of up to three of the first three letters, and the alphabet."""
        few = LETTERS[: min(modulus, 3)]
        return (*(text for length in (1, 2, 3) for text in product(few, repeat=length)), tuple(LETTERS[:modulus]))

    def rows(self, modulus: int, arity: int) -> Iterator[tuple[Value, ...]]:
        """A fixed sample of texts of every length over the whole alphabet, because some operations differ only in long texts.

        Unary functions also get all texts of two letters, and all longer texts of the first three letters while there are few.
        """
        if arity == 1:
            few = LETTERS[: min(modulus, 3)]
            yield from ((pair,) for pair in product(LETTERS[:modulus], repeat=2))
            yield from ((text,) for length in range(4, LONGEST) if len(few) ** length <= FEW for text in product(few, repeat=length))
        for length in range(1, LONGEST + 1):
            for i in range(OFTEN if length <= SHORT else SELDOM):
                yield tuple(
                    _drawn(f"{modulus} {arity} {length} {i} {operand}", length if i % 2 else 0, modulus) for operand in range(arity)
                )


def _drawn(name: str, length: int, modulus: int) -> tuple[str, ...]:
    """The random text called `name`, of `length` letters; 0: of a random length."""
    first, *rest = shake_256(name.encode()).digest(1 + LONGEST)
    return tuple(LETTERS[byte % modulus] for byte in rest[: length or 1 + first % LONGEST])


def following(value: Value, modulus: int) -> Value:
    """Another value of the same domain: the next number; a text with the next letter first."""
    if isinstance(value, int):
        return (value + 1) % modulus
    return (LETTERS[(LETTERS.index(value[0]) + 1) % modulus], *value[1:])


RESIDUES = Residues()
TEXTS = Texts()
