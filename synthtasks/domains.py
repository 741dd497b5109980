"""Domains: what values are. One number sizes each: the integers in [0, m), or the texts over the first m letters."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import shake_256
from itertools import product
from typing import Protocol

LETTERS = "abcdefghijklmnopqrstuvwxyz"
LONGEST = 64  # letters of a text
FEW = 1_000  # texts of one length that are all looked at
SHORT, OFTEN, SELDOM = 8, 64, 8  # of each length up to `SHORT` so many drawn texts are looked at, and of each other length so many
MOST = 1_000_000  # numbers that are all tried

Value = int | tuple[str, ...]
"""An integer, or a text as a tuple of letters."""


class Domain(Protocol):
    """A set of values for every modulus."""

    def holds(self, value: Value, modulus: int) -> bool: ...
    def range(self, modulus: int) -> str: ...  # in words, for error messages
    def probes(self, modulus: int) -> tuple[Value, ...]: ...  # on these, and
    def rows(self, modulus: int, arity: int) -> Iterator[tuple[Value, ...]]: ...  # on these operands, an operation is told from others


@dataclass(frozen=True)
class Residues:
    """The integers in [0, modulus)."""

    def holds(self, value: Value, modulus: int) -> bool:
        return type(value) is int and 0 <= value < modulus  # no bool, none of numpy's: they are spelled otherwise

    def range(self, modulus: int) -> str:
        return f"an int in [0, {modulus})"

    def probes(self, modulus: int) -> tuple[Value, ...]:
        """All of them: an operation on residues is told apart completely.

        Raises:
            ValueError: if that would never be done.
        """
        if modulus > MOST:
            raise ValueError(f"an operation is told apart by all numbers of its domain, of which there are {modulus:,}, more than {MOST:,}")
        return tuple(range(modulus))

    def rows(self, modulus: int, arity: int) -> Iterator[tuple[Value, ...]]:
        """None more."""
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
        """Texts of every length over the whole alphabet, drawn once and for all: some operations differ in long texts alone. For functions
        of one text also all texts of two letters, and the longer ones of the first three while there are few."""
        if arity == 1:
            few = LETTERS[: min(modulus, 3)]
            yield from ((pair,) for pair in product(LETTERS[:modulus], repeat=2))
            yield from ((text,) for length in range(4, LONGEST) if len(few) ** length <= FEW for text in product(few, repeat=length))
        for length in range(1, LONGEST + 1):
            for i in range(OFTEN if length <= SHORT else SELDOM):
                yield tuple(
                    _drawn(f"{modulus} {arity} {length} {i} {operand}", length if i % 2 else 0, modulus) for operand in range(arity)
                )


def _drawn(called: str, length: int, modulus: int) -> tuple[str, ...]:
    """The text called so, of so many letters; 0: of any number."""
    first, *rest = shake_256(called.encode()).digest(1 + LONGEST)
    return tuple(LETTERS[byte % modulus] for byte in rest[: length or 1 + first % LONGEST])


def following(value: Value, modulus: int) -> Value:
    """Another value of the same domain: the next number; a text with the next letter first."""
    if isinstance(value, int):
        return (value + 1) % modulus
    return (LETTERS[(LETTERS.index(value[0]) + 1) % modulus], *value[1:])


RESIDUES = Residues()
TEXTS = Texts()
