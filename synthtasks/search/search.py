"""A search: states, actions whose effects are hidden, and a goal. The judge replays the actions of a completion."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal, NamedTuple

from synthtasks.families.kit.family import label
from synthtasks.mixing import of_text
from synthtasks.primitives import Given
from synthtasks.problem import Problem, Split, Step
from synthtasks.trace import Trace
from synthtasks.verify import Slip, Verdict

ACTIONS = ("n", "e", "s", "w")
Moves = Mapping[tuple[int, str], int]  # from a state by an action to a state; an action that is not there is invalid, and leaves the state
STEPS = {"n": (-1, 0), "e": (0, 1), "s": (1, 0), "w": (0, -1)}  # rows and columns
BACK = {"n": "s", "s": "n", "e": "w", "w": "e"}


class Turn(NamedTuple):
    """One action, and its effect."""

    tag: str  # "" if there is none
    action: str
    at: int  # place of the action in the completion; a tag stands right before it
    state: int  # before
    reached: int  # after; the same state, if the action is invalid
    valid: bool
    repeat: bool  # the action was tried in this state before, in vain or not; words that are no action count as one

    @property
    def begins(self) -> int:
        """Place of its first word."""
        return self.at - bool(self.tag)


@dataclass(frozen=True)
class Search(Problem):
    """A walk from a start to a goal, made by `search`. Its tables are the effects of the actions, which no surface tells; its steps are a
    shortest way. Any way is right that reaches the goal within the `horizon`.

    Raises:
        ValueError: as `Problem`; if the horizon is shorter than the shortest way.
    """

    horizon: int = 16  # turns
    grid: int = 0  # states of a row, if a walker may know that states lie in a grid, row by row; 0: nothing is known of them

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.horizon < len(self.steps):
            raise ValueError(f"the shortest way takes {len(self.steps)} turns, and the horizon is {self.horizon}; raise it")

    @cached_property
    def start(self) -> int:
        """The first state."""
        first = self.steps[0].arguments[0]
        assert isinstance(first, int)
        return first

    @cached_property
    def goal(self) -> int:
        """The last state."""
        assert isinstance(self.answer, int)
        return self.answer

    @cached_property
    def moves(self) -> Moves:
        """The effect of every valid action."""
        return {(state, table.symbol): to for table in self.tables for state, to in table.entries}

    @cached_property
    def distance(self) -> Mapping[int, int]:
        """Turns of a shortest way from each state to the goal; states without a way are left out."""
        into: dict[int, list[int]] = {}
        for (state, _), to in self.moves.items():
            into.setdefault(to, []).append(state)
        found = {self.goal: 0}
        for to in (ahead := [self.goal]):
            for state in into.get(to, ()):
                if state not in found:
                    found[state] = found[to] + 1
                    ahead.append(state)
        return found

    def replay(self, trace: Trace) -> tuple[Turn, ...]:
        """The turns of a trace, up to the goal or the horizon. What its words tell of states is not trusted, whoever wrote them."""
        state, turns, tried = self.start, list[Turn](), set[tuple[int, str]]()
        for a in trace.assertions:
            if state == self.goal or len(turns) == self.horizon:
                break
            to = self.moves.get(move := (state, a.operator if a.operator in ACTIONS else ""))
            turns.append(Turn(a.name, a.operator, a.at, state, state if to is None else to, to is not None, move in tried))
            tried.add(move)
            state = turns[-1].reached
        return tuple(turns)

    def judge(self, trace: Trace) -> Verdict:
        """The verdict on a trace: right and complete, if its actions reach the goal within the horizon; exact, if every word is read; its
        `surplus` counts repeats. An invalid action is no mistake, for nobody can know walls before."""
        turns = self.replay(trace)
        reached = bool(turns) and turns[-1].reached == self.goal
        slips = [Slip("answer")] * (not reached) + [Slip("format")] * bool(trace.unread)
        return Verdict(reached, (True,) * len(turns), reached, not trace.unread, tuple(slips), sum(turn.repeat for turn in turns))

    @property
    def split(self) -> Split | Literal["both"]:
        """The side on which the hidden effects lie, whatever start and goal are, so that whole worlds are held out; "both" for a grid
        without walls, which hides nothing."""
        return "both" if len(self.moves) == 4 * self.grid * (self.grid - 1) > 0 else self.side

    @cached_property
    def _hashes(self) -> dict[str, int]:
        world = of_text(str([table.entries for table in self.tables]))
        return {step.name: world for step in self.steps}


def ways(moves: Moves, start: int) -> dict[int, tuple[str, ...]]:
    """The actions of a shortest way to each state that can be reached; of several, the first in the order of actions."""
    found = dict[int, tuple[str, ...]]({start: ()})
    for state in (ahead := [start]):
        for action in ACTIONS:
            to = moves.get((state, action))
            if to is not None and to not in found:
                found[to] = (*found[state], action)
                ahead.append(to)
    return found


def search(moves: Moves, start: int, goal: int, states: int, horizon: int, grid: int = 0) -> Search:
    """The search with these moves.

    Raises:
        ValueError: if there is no way from the start to the goal, or they are one; as `Search`.
    """
    way = ways(moves, start).get(goal)
    if not way:
        raise ValueError(f"a search has a way from its start to another state; found none from {start} to {goal}")
    tables = {a: Given(a, a, tuple(sorted((s, to) for (s, by), to in moves.items() if by == a))) for a in ACTIONS}
    steps = tuple(Step(label(i), tables[a], (label(i - 1) if i else start,)) for i, a in enumerate(way))
    return Search(steps, steps[-1].name, states, tables=tuple(tables.values()), horizon=horizon, grid=grid)


@cache
def beside(grid: int, state: int, action: str) -> int | None:
    """The state that lies there in a grid with so many states a row, walls or not; None beyond its edge, or if there is no grid (0)."""
    if not grid:
        return None
    (row, column), (down, right) = divmod(state, grid), STEPS[action]
    row, column = row + down, column + right
    return row * grid + column if 0 <= row < grid and 0 <= column < grid else None


@cache
def apart(grid: int, state: int, other: int) -> int:
    """The turns between two states of a grid without walls; 0 if there is no grid."""
    return sum(abs(a - b) for a, b in zip(divmod(state, grid), divmod(other, grid), strict=True)) if grid else 0


def searched(problem: Problem) -> Search:
    """The problem, which is a search.

    Raises:
        ValueError: if it is none.
    """
    if not isinstance(problem, Search):
        raise ValueError(f"expected a `Search`; found a problem of {type(problem).__name__}")
    return problem
