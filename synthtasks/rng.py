"""All randomness, by name.

`rng("train", 7)` is the same generator on every machine, in every process and in any order of calls, and independent
of `rng("train", 8)`. This project neither seeds nor reads a global generator.
"""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Path = tuple[str | int, ...]
Uniforms = NDArray[np.float64]


def rng(*path: str | int) -> np.random.Generator:
    """The generator called `path`: Philox, a counter-based generator, keyed by a hash of the whole path.

    Hashing the whole path keeps neighbours apart: with `seed + index`, item 1 of seed 0 *is* item 0 of seed 1.

    Raises:
        TypeError: if a part of the path is neither a `str` nor an `int`.
    """
    return np.random.Generator(np.random.Philox(key=_key(_checked(path))))


def one_seed(seed: int) -> None:
    """Check that a seed is a whole number from 0; a negative one would name a generator, but is probably a typo.

    Raises:
        ValueError: if it is not.
    """
    if type(seed) is not int or seed < 0:
        raise ValueError(f"a seed is a whole number from 0; found {seed!r}")


def rename(g: np.random.Generator, *path: str | int) -> np.random.Generator:
    """Reset `g` to the generator called `path`: equal to `rng(*path)`, and much faster.

    `g` must come from `rng`, and no other code may still draw from it.

    Raises:
        TypeError: as `rng`.
    """
    g.bit_generator.state = _BEGINNING | {"state": {"counter": _ZERO, "key": _key(_checked(path))}}
    return g


def uniforms(count: int, path: Path, numbers: Sequence[int], attempt: int) -> Uniforms:  # [P, count]
    """Rows of random numbers: row i holds the first `count` numbers in [0, 1) of `rng(*path, numbers[i], attempt)`.

    Raises:
        TypeError: as `rng`.
    """
    rows = np.empty((len(numbers), count))
    g = rng(*path)
    key = np.zeros(2, np.uint64)
    state = _BEGINNING | {"state": {"counter": _ZERO, "key": key}}
    key_bytes, philox, draw = key.data.cast("B"), g.bit_generator, g.random
    for row, digest in zip(rows, _digests(path, numbers, attempt), strict=True):
        key_bytes[:] = digest
        philox.state = state
        draw(out=row)
    return rows


def _digests(path: Path, numbers: Iterable[int], attempt: int) -> Iterable[bytes]:
    """Bytes of `_key((*path, number, attempt))` for each number; the repr of `path` is computed once."""
    prefix = "(" + "".join(f"{part!r}, " for part in path)
    return (hashlib.sha256(f"{prefix}{number}, {attempt})".encode()).digest()[15::-1] for number in numbers)


def _checked(path: Path) -> Path:
    for part in path:
        if type(part) not in (str, int):
            raise TypeError(f"a generator's name is made of str and int; found {part!r} ({type(part).__name__}) in {path!r}")
    return path


def _key(path: Path) -> NDArray[np.uint64]:
    digest = hashlib.sha256(repr(path).encode()).digest()
    return np.frombuffer(digest[15::-1], dtype="<u8")  # the first 16 bytes as one number, most significant first


_ZERO = np.zeros(4, np.uint64)
_BEGINNING = {"bit_generator": "Philox", "buffer": _ZERO, "buffer_pos": 4, "has_uint32": 0, "uinteger": 0}
