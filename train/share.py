"""Several processes that learn as one: each does its share of every iteration, and what they found is added up.

Randomness is named, so all of them draw the same problems and documents, and each takes its stretch. What is divided by (words, rows,
problems) is counted over all of them; so the sum over the shares is what one process alone would have come to, but for rounding.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from torch import Tensor

from synthtasks.checked import From, check


def itself(x: Tensor) -> Tensor:  # [*] -> [*]
    """The sum over one process."""
    return x


@dataclass(frozen=True)
class Share:
    """The `index`-th of `count` processes, from 0. By default the only one."""

    index: Annotated[int, From(0)] = 0
    count: Annotated[int, From(1)] = 1
    sum: Callable[[Tensor], Tensor] = itself  # over all processes, in which all of them must take part

    def __post_init__(self) -> None:
        check(self)
        if self.index >= self.count:
            raise ValueError(f"the shares of {self.count} processes are numbered from 0 to {self.count - 1}; found {self.index}")

    def of(self, n: int, index: int | None = None) -> slice:
        """Which of `n` things are for this process, or for the `index`-th."""
        i = self.index if index is None else index
        return slice(n * i // self.count, n * (i + 1) // self.count)


ALONE = Share()
