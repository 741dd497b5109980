"""Several sequences of problems as one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

from synthtasks.problem import Problem


@dataclass(frozen=True, eq=False)
class Joined(Sequence[Problem]):
    """The problems of several sequences, one sequence after the other. Each is drawn and written in its own way.

    It equals every sequence of the same problems.
    """

    parts: tuple[Sequence[Problem], ...]

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, i: int) -> Problem: ...
    @overload
    def __getitem__(self, i: slice) -> Sequence[Problem]: ...
    def __getitem__(self, i: int | slice) -> Problem | Sequence[Problem]:
        if isinstance(i, slice):
            return tuple([part[place] for part, place in self._places[i]])
        part, place = self._places[i]
        return part[place]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    @cached_property
    def _places(self) -> list[tuple[Sequence[Problem], int]]:
        return [(part, place) for part in self.parts for place in range(len(part))]
