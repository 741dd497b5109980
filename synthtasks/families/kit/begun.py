"""Problems of which a part of the solution is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

from synthtasks.problem import Problem


@dataclass(frozen=True, eq=False)
class Begun(Sequence[Problem]):
    """Problems, each with the first `steps` of its reference solution: they are written behind the prompt.

    It equals every sequence of the same problems.

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

    @overload
    def __getitem__(self, i: int) -> Problem: ...
    @overload
    def __getitem__(self, i: slice) -> Sequence[Problem]: ...
    def __getitem__(self, i: int | slice) -> Problem | Sequence[Problem]:
        return self.problems[i]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))
