"""Sequences of problems, and those that are made of others."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import overload

from synthtasks.problem import Problem


class Problems(Sequence[Problem]):
    """Problems by their places. It equals every sequence of the same problems."""

    @abstractmethod
    def at(self, place: int) -> Problem:
        """The problem at a place from 0 on."""

    @overload
    def __getitem__(self, i: int) -> Problem: ...
    @overload
    def __getitem__(self, i: slice) -> Sequence[Problem]: ...
    def __getitem__(self, i: int | slice) -> Problem | Sequence[Problem]:
        places = range(len(self))[i]
        return self.at(places) if isinstance(places, int) else tuple([self.at(place) for place in places])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


@dataclass(frozen=True, eq=False)
class Joined(Problems):
    """The problems of several sequences, one sequence after the other. Each is drawn and written in its own way."""

    parts: tuple[Sequence[Problem], ...]

    def __len__(self) -> int:
        return len(self._places)

    def at(self, place: int) -> Problem:
        part, there = self._places[place]
        return part[there]

    @cached_property
    def _places(self) -> list[tuple[Sequence[Problem], int]]:
        return [(part, place) for part in self.parts for place in range(len(part))]


@dataclass(frozen=True, eq=False)
class Begun(Problems):
    """Problems, each with the first `steps` of its reference solution: they are written behind the prompt.

    Raises:
        ValueError: if there is not one number of steps for each problem, from 0.
    """

    problems: Sequence[Problem]
    steps: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.steps) != len(self.problems) or min(self.steps, default=0) < 0:
            raise ValueError(f"each of the {len(self.problems)} problems has a number of given steps, from 0; found {self.steps}")

    def __len__(self) -> int:
        return len(self.problems)

    def at(self, place: int) -> Problem:
        return self.problems[place]
