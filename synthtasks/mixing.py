"""64-bit hashes of canonical forms, for single numbers and for arrays."""

import hashlib
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from synthtasks.domains import Value

Hashes = NDArray[np.uint64]
Hash = TypeVar("Hash", int, Hashes)

WORD = 2**64 - 1


def applied(form: Hash, *operands: Hash) -> Hash:
    """The hash of an operation applied to operands; their order matters.

    The finaliser of SplitMix64 (doi:10.1145/2660193.2660195) mixes in each operand: a bijection of 64 bits in which each
    bit of the input flips half of the output.
    """
    for operand in operands:
        x = form ^ operand
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & WORD  # type: ignore[assignment] # numpy types 30 as a signed number
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB & WORD  # type: ignore[assignment]
        form = x ^ (x >> 31)  # type: ignore[assignment]
    return form


@lru_cache(maxsize=65_536)
def of_text(text: str) -> int:
    """The hash of a text: the first 64 bits of its SHA-256."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


@lru_cache(maxsize=65_536)
def of_value(value: Value) -> int:
    """The hash of a given value."""
    return of_text(str(value))
