"""A batch of problems by name, drawn when it is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

import numpy as np

from synthtasks.families.kit.family import Bulk, Family, Many, many, named, one_split
from synthtasks.families.kit.programs import Places, Programs
from synthtasks.problem import Problem, Split


@dataclass(frozen=True, eq=False)
class Batch(Sequence[Problem]):
    """`tuple(named(family, split, numbers, *path))`, but a `Bulk` family makes objects only of those problems that are asked for.

    It equals every sequence of the same problems.

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

    @overload
    def __getitem__(self, i: int) -> Problem: ...
    @overload
    def __getitem__(self, i: slice) -> Sequence[Problem]: ...
    def __getitem__(self, i: int | slice) -> Problem | Sequence[Problem]:
        if isinstance(i, slice):
            return tuple([self[j] for j in range(*i.indices(len(self)))])
        at = range(len(self))[i]
        if at not in self._made:
            self._made[at] = self.drawn[at] if isinstance(self.drawn, tuple) else self.drawn.problem(at)
        return self._made[at]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

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
