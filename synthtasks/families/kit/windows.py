"""Problems of several difficulties that ask about the same programs.

Shapes: P problems.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeGuard

import numpy as np
from numpy.typing import NDArray

from synthtasks.families.kit.batch import Batch
from synthtasks.families.kit.family import Family, out_of_draws
from synthtasks.families.kit.programs import Places, Programs
from synthtasks.problem import Split

DOUBLINGS = 10  # of the programs that are looked at; as many misses have p = 1e-58 or less, as for `problem`


class Sharing(Family, Protocol):
    """A family whose problems with other numbers of steps may ask about the same programs."""

    @property
    def steps(self) -> int: ...
    @property
    def lines(self) -> int: ...  # the most steps
    @property
    def shares(self) -> bool: ...
    def windows(self, split: Split, programs: int, *path: str | int) -> tuple[Programs, NDArray[np.bool_]]: ...


def sharing(family: Family) -> TypeGuard[Sharing]:
    """True if the family shares its programs, and its own class declares `windows`: one that inherits it may draw otherwise."""
    return "windows" in vars(type(family)) and bool(getattr(family, "shares", False))


@dataclass(frozen=True, eq=False)
class Windows(Batch):
    """Problems about programs that are the same for every number of steps: the first in the split, by their numbers.

    Raises:
        ValueError: if there is no such split; when problems are first asked for, if there are none.
    """

    family: Sharing

    @property
    def drawn(self) -> Programs:
        return self._found[0]

    @property
    def programs(self) -> Places:  # [P]
        """The number of the program that each problem asks about."""
        return self._found[1]

    @cached_property
    def _found(self) -> tuple[Programs, Places]:
        needed = max(self.numbers) + 1
        for doubled in range(1, DOUBLINGS + 1):
            drawn, lies = self.family.windows(self.split, needed << doubled, *self.path)
            if len(found := np.flatnonzero(lies)) >= needed:
                return drawn.some(found[list(self.numbers)]), found[list(self.numbers)]
        raise out_of_draws(self.family, self.split)


def batch(family: Family, split: Split, numbers: Sequence[int], *path: str | int) -> Batch:
    """Problems about shared programs, where the family shares them, else those of `named`."""
    return Windows(family, split, numbers, ("windows", *path)) if sharing(family) else Batch(family, split, numbers, path)
