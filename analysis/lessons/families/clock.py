"""Clock arithmetic, the family of lesson 7."""

from dataclasses import dataclass

import numpy as np

from synthtasks import Primitive, Problem, Step
from synthtasks.families import Dial, Forced, label
from synthtasks.families.chains import CHAIN
from synthtasks.families.dials.quantities import length


def _later(hour: int, hours: int, modulus: int) -> int:
    """The hour so many hours later."""
    return (hour + hours) % modulus


def _mirrored(hour: int, modulus: int) -> int:
    """The hour that the clock shows in a mirror: minus the hour, modulo m."""
    return -hour % modulus


LATER = Primitive("later", "+", _later)
MIRRORED = Primitive("mirrored", "mirror", _mirrored, arity=1)


@dataclass(frozen=True)
class Clock:
    """The time after the hand was turned on, or the clock seen in a mirror, `steps` times."""

    steps: int = 4

    primitives = (LATER, MIRRORED)  # what its problems apply
    modulus = 12  # values are 0 to 11
    one_derivation = True  # every step needs the one before it
    dials = (Dial("steps", (2, 4, 6), length),)  # what its fields mean, to be measured; the first is its difficulty
    forced = (*CHAIN, Forced("steps", "fan-in", "of more steps, one is more likely a turn"))  # what else they move, and why

    @property
    def names(self) -> int:  # its steps are called label(0), label(1), ...
        return self.steps

    def __call__(self, g: np.random.Generator) -> Problem:
        before: str | int = int(g.integers(12))
        steps: list[Step] = []
        for i in range(self.steps):
            turned = Step(label(i), LATER, (before, int(g.integers(12))))
            steps.append(turned if g.integers(2) else Step(label(i), MIRRORED, (before,)))
            before = label(i)
        return Problem(tuple(steps), label(self.steps - 1), self.modulus)
