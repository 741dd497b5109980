"""A batch of problems by name, drawn when it is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from synthtasks.families.kit.family import Bulk, Family, Many, many, named, one_split
from synthtasks.families.kit.programs import Places, Programs
from synthtasks.families.kit.sequence import Problems
from synthtasks.problem import Problem, Split


@dataclass(frozen=True, eq=False)
class Batch(Problems):
    """`tuple(named(family, split, numbers, *path))`, but a `Bulk` family makes objects only of those problems that are asked for.

    Raises:
        ValueError: if there is no such split; when problems are first asked for, as `named`.
    """

    family: Family
    split: Split
    numbers: Sequence[int]
    path: tuple[str | int, ...]

    def __post_init__(self) -> None:
        one_split(self.split)

    def __len__(self) -> int:
        return len(self.numbers)

    def at(self, place: int) -> Problem:
        if place not in self._made:
            self._made[place] = self.drawn[place] if isinstance(self.drawn, tuple) else self.drawn.problem(place)
        return self._made[place]

    @cached_property
    def drawn(self) -> Many | tuple[Problem, ...]:
        """The problems as arrays, where the family draws many at once."""
        if isinstance(self.family, Bulk):
            drawn: Many = many(self.family, self.split, self.numbers, *self.path)
            return drawn
        return tuple(named(self.family, self.split, self.numbers, *self.path))

    def applied(self, name: str) -> Places:  # [P]
        """How often the solution of each problem applies the primitive of that name."""
        if type(self.drawn) is Programs:
            return self.drawn.applied(name)
        return np.array([sum(step.primitive.name == name for step in p.proof) for p in self], np.int64)

    @cached_property
    def _made(self) -> dict[int, Problem]:
        return {}
