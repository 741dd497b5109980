"""All randomness, by name.

`rng("train", 7)` is the same generator on every machine, in every process and in any order of calls, and independent
of `rng("train", 8)`. Nothing in this project seeds or reads a global generator.
"""

import hashlib

import numpy as np


def rng(*path: str | int) -> np.random.Generator:
    """The generator called `path`: Philox, a counter-based generator, keyed by a hash of the whole path.

    Hashing the path is what keeps neighbours apart: with `seed + index`, item 1 of seed 0 *is* item 0 of seed 1.

    Raises:
        TypeError: if a part of the path is neither a `str` nor an `int`.
    """
    for part in path:
        if type(part) not in (str, int):
            raise TypeError(f"a generator's name is made of str and int; found {part!r} ({type(part).__name__}) in {path!r}")
    key = int.from_bytes(hashlib.sha256(repr(path).encode()).digest()[:16], "big")
    return np.random.Generator(np.random.Philox(key=key))
