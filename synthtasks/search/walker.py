"""A walker, who knows what was observed and, of a grid, where its states lie."""

from collections import deque
from dataclasses import dataclass, field

from synthtasks.rng import rng
from synthtasks.search.search import ACTIONS, BACK, Search, apart, beside
from synthtasks.trace import Assertion, Trace

TAGS = PLAN, EXPLORE, REFLECT, MONITOR = ("plan", "explore", "reflect", "monitor")
"""The tags of arXiv:2507.22844."""
NOWHERE = -1  # the value of a turn in which no state is observed


@dataclass(frozen=True)
class Known:
    """The effects of actions that a walker has seen, or knows from others; None of one that is invalid."""

    of: Search
    effects: dict[tuple[int, str], int | None] = field(default_factory=dict)

    def observe(self, state: int, action: str, reached: int | None) -> None:
        """Remember an effect; on a grid, that of the way back, too."""
        self.effects[state, action] = reached
        other = beside(self.of.grid, state, action)
        if other is not None:
            self.effects[other, BACK[action]] = None if reached is None else state

    def far(self, state: int, action: str) -> int | None:
        """A guess of the turns that are left after an action that was not tried; None, where it is known or leads off the grid."""
        if (state, action) in self.effects:
            return None
        if not self.of.grid:
            return 0
        to = beside(self.of.grid, state, action)
        return None if to is None else apart(self.of.grid, to, self.of.goal)

    def best(self, state: int) -> str | None:
        """The first action of the walk that may be the shortest to the goal, over known effects to one that was not tried; None, if all has
        been tried."""
        ahead, seen, found = deque([(0, state, "")]), {state}, list[tuple[int, int, str]]()
        while ahead:
            turns, here, first = ahead.popleft()
            for action in ACTIONS:
                by = first or action
                if (left := self.far(here, action)) is not None:
                    found.append((turns + left, turns, by))
                to = self.effects.get((here, action))
                if to is not None and to not in seen:
                    seen.add(to)
                    ahead.append((turns + 1, to, by))
        return min(found, key=lambda each: each[:2])[2] if found else None

    def tag(self, state: int, action: str, after: Assertion | None) -> str:
        """The tag of an action: reflect on one that was in vain, monitor a known way, plan towards the goal, or else explore."""
        if after and after.value == NOWHERE and after.operator != action:
            return REFLECT
        if (state, action) in self.effects:
            return MONITOR
        left = self.far(state, action)
        nearer = left is not None and left < apart(self.of.grid, state, self.of.goal)
        return PLAN if nearer else EXPLORE


def walk(search: Search, slips: float = 0.0) -> Trace:
    """The walker's turns, with their tags. In a share of the turns, `slips`, an action is taken at random. Chance depends on the search
    alone."""
    g, known, state, turns = rng("walk", search.key, search.start, search.goal), Known(search), search.start, list[Assertion]()
    while state != search.goal and len(turns) < search.horizon:
        slip, which = g.random(), int(g.integers(len(ACTIONS)))
        action = (None if slip < slips else known.best(state)) or ACTIONS[which]
        reached = search.moves.get((state, action))
        tag = known.tag(state, action, turns[-1] if turns else None)
        turns.append(Assertion(tag, action, (None,), NOWHERE if reached is None else reached, 0))
        known.observe(state, action, reached)
        state = state if reached is None else reached
    return Trace(tuple(turns), next((turn.value for turn in reversed(turns) if turn.value != NOWHERE), None))
