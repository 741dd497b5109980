"""Planned looks: the numbers of seeds after which verdicts are read, and the part of the level that each reading may spend."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from synthtasks.checked import Above, From, check


@dataclass(frozen=True)
class Looks:
    """The numbers of seeds at which verdicts are read. Without such a plan, adding seeds until a claim is shown would succeed in the end.

    `alpha` is the chance of any false verdict at any look. It is spent as by Lan and DeMets (1983), with the function of Pocock's type:
    alpha ln(1 + (e - 1) n / last) by the look at n seeds. The levels of the looks sum to `alpha`, so they hold however looks and claims
    depend on each other, and for any test. Exact boundaries of the later looks are up to 1.6 times as high, but hold only for statistics
    that are jointly normal.

    Two uses are valid: Holm at level(n) within each look, where a claim that was shown stays shown; or, which shows all of that and at
    times more, Holm at `alpha` over the claims' `adjusted` p-values, as a claim shown at one look no longer counts at the next.
    """

    seeds: tuple[Annotated[int, From(2)], ...] = (5, 9, 16)
    alpha: Annotated[float, Above(0, 0.5)] = 0.05

    def __post_init__(self) -> None:
        check(self)
        if not self.seeds or list(self.seeds) != sorted(set(self.seeds)):
            raise ValueError(f"Looks.seeds is one or more numbers of seeds, ascending; found {self.seeds}")

    def number(self, n: int) -> int | None:
        """The place of the look at n seeds, from 1; None if none is planned there."""
        return self.seeds.index(n) + 1 if n in self.seeds else None

    def level(self, n: int) -> float:
        """The level of the look at n seeds.

        Raises:
            ValueError: if no look is planned there.
        """
        if n not in self.seeds:
            raise ValueError(f"no look is planned at {n} seeds, but at {self._planned}; without a level there is no verdict")
        before = max((m for m in self.seeds if m < n), default=0)
        return self._spent(n) - self._spent(before)

    def adjusted(self, p: Sequence[float]) -> float:
        """The p-value of a claim over the looks so far, to be compared with `alpha`: the least of p alpha / level.

        `p` are its p-values at the first looks, in their order; 1 where it could not be judged.

        Raises:
            ValueError: if there is no p-value, or more than looks.
        """
        if not 1 <= len(p) <= len(self.seeds):
            raise ValueError(f"p-values of 1 to {len(self.seeds)} looks can be adjusted; found {len(p)}")
        return min(1.0, *(each * self.alpha / self.level(n) for each, n in zip(p, self.seeds, strict=False)))

    def describe(self, n: int) -> str:
        """The look at n seeds in words, with its level; or that it is none of the planned."""
        number = self.number(n)
        if number is None:
            return f"exploratory: {n} seed{'s' if n != 1 else ''}, and looks are planned at {self._planned}"
        level = f"{self.level(n):.3f}".removeprefix("0")
        return f"look {number} of {len(self.seeds)} ({n} of {self.seeds[-1]} seeds, alpha {level})"

    @property
    def _planned(self) -> str:
        return ", ".join(map(str, self.seeds))

    def _spent(self, n: int) -> float:
        """The part of alpha that is spent by the look at n seeds."""
        return self.alpha * math.log1p((math.e - 1) * n / self.seeds[-1])
