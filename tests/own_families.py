"""Families and surfaces of one's own, each broken in a way that shows when it runs, or in another process."""

from dataclasses import dataclass

import numpy as np

from synthtasks import Primitive, Problem, Step
from synthtasks.families import label
from synthtasks.primitives import ADD, SUB
from synthtasks.surfaces import Equations
from synthtasks.trace import Words

LETTERS = {f"letter {i}" for i in range(40)}  # in another order in every process


@dataclass(frozen=True)
class Chain:
    """A chain of sums and differences. Each subclass breaks it in one way."""

    steps: int = 4
    modulus: int = 10

    @property
    def primitives(self) -> tuple[Primitive, ...]:
        return (ADD, SUB)

    @property
    def names(self) -> int:
        return self.steps

    def number(self, g: np.random.Generator) -> int:
        return int(g.integers(self.modulus))

    def __call__(self, g: np.random.Generator) -> Problem:
        steps: list[Step] = []
        for i in range(self.steps):
            before = steps[-1].name if steps else self.number(g)
            steps.append(Step(label(i), self.primitives[int(g.integers(len(self.primitives)))], (before, self.number(g))))
        return Problem(tuple(steps), steps[-1].name, self.modulus)


class Hashed(Chain):
    """Takes what stands at a place of a set."""

    def number(self, g: np.random.Generator) -> int:
        return int(list(LETTERS)[int(g.integers(40))].split()[1]) % self.modulus


class Swayed(Equations):
    """Says the words of a set in the order in which they come."""

    def prompt(self, problem: Problem) -> Words:
        return (*[word for word in {"=", "?", ":", ";", ",", "(", ")"} if word != "?"], *super().prompt(problem))


class Nameless(Chain):
    """Applies a lambda, which is no field, so that the family alone can be pickled."""

    own = (Primitive("sum", "+", lambda a, b, modulus: (a + b) % modulus), SUB)

    @property
    def primitives(self) -> tuple[Primitive, ...]:
        return self.own


class Secret(Nameless):
    """Announces sums that have a name, and applies a lambda of the same symbol."""

    @property
    def primitives(self) -> tuple[Primitive, ...]:
        return (ADD, SUB)

    def __call__(self, g: np.random.Generator) -> Problem:
        p = super().__call__(g)
        return Problem(tuple(s._replace(primitive=self.own[0]) for s in p.steps), p.query, p.modulus)


class Failing(Chain):
    """Cannot draw a problem that begins with 7."""

    def __call__(self, g: np.random.Generator) -> Problem:
        p = super().__call__(g)
        if p.steps[0].arguments[0] == 7:
            raise KeyError("seven")
        return p


def _leaving(a: int, b: int, modulus: int) -> int:
    return a + b


class Leaving(Chain):
    """Applies sums that leave the domain, which shows when a problem is solved."""

    @property
    def primitives(self) -> tuple[Primitive, ...]:
        return (Primitive("add", "+", _leaving), SUB)


class Stumbling(Equations):
    """Cannot say 7."""

    def prompt(self, problem: Problem) -> Words:
        words = super().prompt(problem)
        return words if "7" not in words else words[1_000:][0]  # type: ignore[return-value]


class Ending(Equations):
    """Says that it ends before it does."""

    def prompt(self, problem: Problem) -> Words:
        return (*super().prompt(problem), "<end>")


class Deaf(Equations):
    """Hears an answer only where nothing that it cannot read comes before."""

    def read(self, words: Words):  # type: ignore[no-untyped-def]
        trace = super().read(words)
        return trace if not trace.unread else type(trace)(trace.assertions, None, trace.unread)


def _odd(p: Problem) -> bool:
    numbers = sum(a for step in p.steps for a in step.arguments if isinstance(a, int))
    return (numbers + sum(step.primitive.symbol == "-" for step in p.steps)) % 2 == 1


class Even(Chain):
    """Draws problems that `Choosy` says."""

    def __call__(self, g: np.random.Generator) -> Problem:
        return next(p for p in (super(Even, self).__call__(g) for _ in range(99)) if not _odd(p))


class Choosy(Equations):
    """Refuses every problem that differs from one of `Even` in a value, a primitive or the query."""

    def prompt(self, problem: Problem) -> Words:
        if _odd(problem) or problem.query != problem.steps[-1].name:
            raise ValueError("not that one")
        return super().prompt(problem)
