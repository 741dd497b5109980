"""Solutions of lesson 7, a family of one's own. `mistake_N` is a common wrong answer, which the check refuses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.lessons.families.clock import LATER
from synthtasks import Primitive, Problem, Step
from synthtasks.families import Dial, Family, Forced, label
from synthtasks.families.chains import CHAIN
from synthtasks.families.dials.quantities import length


def exercise_1(hour: int, modulus: int) -> int:
    """Half a turn on."""
    return (hour + modulus // 2) % modulus


def mistake_1(hour: int, modulus: int) -> int:
    """The mirror: it agrees at 3 and at 9, and nowhere else."""
    return -hour % modulus


def exercise_2(problems: Sequence[Problem]) -> float:
    """The places of the first problem are those of all."""
    given = [[a for step in problem.stated for a in step.arguments if not isinstance(a, str)] for problem in problems]
    copied = [[value == problem.answer for value in values] for values, problem in zip(given, problems, strict=True)]
    return max(sum(map(int, column)) / len(problems) for column in zip(*copied, strict=True))


def mistake_2(problems: Sequence[Problem]) -> float:
    """The answer anywhere in the question: in long questions that is chance, for one cannot know where to copy from."""
    return sum(any(p.answer in step.arguments for step in p.stated) for p in problems) / len(problems)


def _thrice(day: int, modulus: int) -> int:
    """Three times the day, modulo m."""
    return 3 * day % modulus


THRICE = Primitive("thrice", "thrice", _thrice, arity=1)


@dataclass(frozen=True)
class Week:
    """The day after some days, or after the number of the day was taken three times."""

    steps: int = 4

    primitives = (LATER, THRICE)
    modulus = 7
    one_derivation = True
    dials = (Dial("steps", (2, 4, 6), length),)
    forced = (*CHAIN, Forced("steps", "fan-in", "of more steps, one is more likely a turn"))

    @property
    def names(self) -> int:
        return self.steps

    def __call__(self, g: np.random.Generator) -> Problem:
        before: str | int = int(g.integers(7))
        steps: list[Step] = []
        for i in range(self.steps):
            turned = Step(label(i), LATER, (before, int(g.integers(7))))
            steps.append(turned if g.integers(2) else Step(label(i), THRICE, (before,)))
            before = label(i)
        return Problem(tuple(steps), label(self.steps - 1), self.modulus)


@dataclass(frozen=True)
class Shorter(Week):
    """A week that draws one step fewer than its dial says, down to one."""

    def __call__(self, g: np.random.Generator) -> Problem:
        return Week(max(1, self.steps - 1))(g)


def exercise_3() -> Callable[[int], Family]:
    """The class itself can be called."""
    return Week


def mistake_3() -> Callable[[int], Family]:
    """A dial that lies."""
    return Shorter
