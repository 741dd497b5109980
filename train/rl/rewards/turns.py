"""Rewards of single turns of a search (`synthtasks.search`): for meta-reasoning by tags, against repeats, and for progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Protocol

from synthtasks.checked import Checked, From
from synthtasks.search import EXPLORE, PLAN, REFLECT, Search, Turn


class TurnReward(Protocol):
    """A function of the turns of an episode: a number for each."""

    def __call__(self, search: Search, turns: Sequence[Turn]) -> list[float]: ...


@dataclass(frozen=True)
class Meta(Checked):
    """Rewards of valid turns by their tags (RLVMR, arXiv:2507.22844, as its code has them): `plan` is rewarded if the episode succeeds,
    `explore` if its action is no repeat of an earlier valid one, and `reflect` if the action before was invalid and is not tried again.
    `monitor`, and turns without a tag, earn nothing. An action is the same only in the same state."""

    planning: Annotated[float, From(0)] = 1.0
    exploration: Annotated[float, From(0)] = 1.0
    reflection: Annotated[float, From(0)] = 1.0

    def __call__(self, search: Search, turns: Sequence[Turn]) -> list[float]:
        reached = bool(turns) and turns[-1].reached == search.goal
        return [self._of(turn, last, reached) if turn.valid else 0.0 for last, turn in zip([None, *turns], turns, strict=False)]

    def _of(self, turn: Turn, last: Turn | None, reached: bool) -> float:
        """The reward of a valid turn, after the last one."""
        earned = {
            PLAN: self.planning * reached,
            EXPLORE: self.exploration * (not turn.repeat),
            REFLECT: self.reflection * (last is not None and not last.valid and last.action != turn.action),
        }
        return earned.get(turn.tag, 0.0)


@dataclass(frozen=True)
class Again:
    """-1 for every action that was tried in its state before: a penalty of repeats alone, whatever the tags."""

    def __call__(self, search: Search, turns: Sequence[Turn]) -> list[float]:
        return [-float(turn.repeat) for turn in turns]


@dataclass(frozen=True)
class Nearer:
    """Potential-based shaping (Ng, Harada and Russell 1999): the rise of the potential, which is minus the distance from the goal over the
    number of states, and 0 when the episode is over. So the rewards of an episode add up to minus the potential of its start, whatever the
    actions; and from a turn on, to minus the potential of its state, which is a baseline."""

    def __call__(self, search: Search, turns: Sequence[Turn]) -> list[float]:
        potentials = [*(self.potential(search, turn.state) for turn in turns), 0.0]
        return [after - before for before, after in pairwise(potentials)]

    def potential(self, search: Search, state: int) -> float:
        """The potential of a state; the least, where no way leads to the goal."""
        return -search.distance.get(state, search.modulus) / search.modulus
