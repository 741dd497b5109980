"""The family clock: a value is moved on or mirrored, step by step.

It works as it is. Change what a comment with CHANGE names, and run `pytest` in this
folder after each change: it says which law breaks, with the smallest example.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from synthtasks import Primitive, Problem
from synthtasks.families import Dial, Forced
from synthtasks.families.chains import CHAIN, chain
from synthtasks.families.dials.quantities import domain_size, length

# CHANGE the operations: pure functions of values from 0 to modulus - 1. A docstring is
# what `export --ask derivation` tells a language model of its operation.


def _later(value: int, by: int, modulus: int) -> int:
    """The value so many places later, modulo m."""
    return (value + by) % modulus


def _mirrored(value: int, modulus: int) -> int:
    """Minus the value, modulo m."""
    return -value % modulus


LATER = Primitive("later", "+", _later)  # its name, its sign in problems, what it does
MIRRORED = Primitive("mirrored", "mirror", _mirrored, arity=1)


@dataclass(frozen=True)
class Clock:
    """Which value is it in the end, after `steps` changes?"""

    # CHANGE the fields: each is a dial of difficulty, and an option of `show` and `export`.
    steps: int = 4
    modulus: int = 12  # values are 0 to modulus - 1

    # All that it applies; and that every step needs the one before it.
    primitives: ClassVar[tuple[Primitive, ...]] = (LATER, MIRRORED)
    one_derivation: ClassVar[bool] = True

    # CHANGE what each field moves: the values that `stats` tries, and the quantity that
    # it measures. The first dial is the difficulty, which studies turn.
    dials: ClassVar[tuple[Dial, ...]] = (
        Dial("steps", (2, 4, 6), length),
        Dial("modulus", (10, 12, 14), domain_size),
    )
    # What a dial moves besides, with the reason. CHAIN is for steps that build on each other.
    forced: ClassVar[tuple[Forced, ...]] = (
        *CHAIN,
        Forced("steps", "fan-in", "of more steps, one is more likely to move on"),
    )

    def __post_init__(self) -> None:
        if self.steps < 1 or self.modulus < 2:
            raise ValueError(
                f"Clock takes steps from 1 and a modulus from 2; found {self}"
            )

    @property
    def names(self) -> int:
        """The number of steps: they are called A, B, C, ..."""
        return self.steps

    def __call__(self, g: np.random.Generator) -> Problem:
        """A problem. Draw every number from `g`, and from nothing else."""
        # CHANGE how problems are drawn. `chain` makes each step build on the one before;
        # for other shapes, give `Problem` its steps: see `Problem` and `Step`.
        start = int(g.integers(self.modulus))
        changes: list[tuple[Primitive, tuple[int, ...]]] = []
        for _ in range(self.steps):
            if g.integers(2):
                changes.append((LATER, (int(g.integers(self.modulus)),)))
            else:
                changes.append((MIRRORED, ()))
        return chain(start, changes, self.modulus)
