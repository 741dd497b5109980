"""Shards: parts of a study for several jobs, computed from the expressions alone, so that jobs need no communication.

Cells are ordered by seed, and a shard is a contiguous range of them, of equal work. Two shards share the stages of at most one seed; the
first job to reach such a stage makes it, and the other does its own work meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Protocol, TypeVar

from synthtasks.checked import From, check
from train.stages.stage import Stage, closure


class Cell(Protocol):
    """A thing that needs stages."""

    @property
    def stages(self) -> tuple[Stage, ...]: ...


C = TypeVar("C", bound=Cell)


@dataclass(frozen=True)
class Shard:
    """The `index`-th of `count` parts, from 1."""

    index: Annotated[int, From(1)] = 1
    count: Annotated[int, From(1)] = 1

    def __post_init__(self) -> None:
        check(self)
        if self.index > self.count:
            raise ValueError(f"a shard's index is at most their count; found {self.index} of {self.count}")

    def part(self, cells: Sequence[C]) -> tuple[C, ...]:
        """The cells of this shard: those whose middle lies in its range of the total work."""
        seen: set[Stage] = set()
        ends = [0.0]
        for cell in cells:
            new = [s for s in closure(cell.stages) if s not in seen]
            seen.update(new)
            ends.append(ends[-1] + 1 + sum(s.work for s in new))
        middles = [(a + b) / 2 / ends[-1] * self.count for a, b in pairwise(ends)]
        return tuple(c for c, middle in zip(cells, middles, strict=True) if int(middle) == self.index - 1)


WHOLE = Shard()


def shard(text: str) -> Shard:
    """The shard called `2/8`.

    Raises:
        ValueError: if the text is not of that form.
    """
    try:
        index, count = map(int, text.split("/"))
        return Shard(index, count)
    except ValueError:
        raise ValueError(f"--shard takes i/n with i from 1 to n, as in 2/8; found {text!r}") from None
