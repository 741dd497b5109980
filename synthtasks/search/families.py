"""Families of searches: mazes, locks and open fields. All have the same four actions, so that one policy can act in each."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from synthtasks.checked import Checked, From
from synthtasks.primitives import Given, Operation
from synthtasks.search.search import ACTIONS, BACK, Moves, Search, beside, search, ways

NEAREST = 3  # turns from a start to its goal: chance would find nearer ones


@dataclass(frozen=True)
class Searches(Checked):
    """A family of searches in worlds of `side` times `side` states."""

    side: Annotated[int, From(3, 31)] = 4  # names of states are numbers below 1,000
    horizon: Annotated[int, From(1)] = 16  # turns

    names: ClassVar[int] = 1
    primitives: ClassVar[tuple[Operation, ...]] = tuple(Given(action, action, ()) for action in ACTIONS)

    @property
    def modulus(self) -> int:
        """The number of states."""
        return self.side**2

    @property
    def grid(self) -> int:
        """As `Search`."""
        return self.side

    def world(self, g: np.random.Generator) -> Moves:
        """The effects of the actions."""
        raise NotImplementedError

    def limit(self, nearest: int) -> int:
        """The horizon of a problem whose shortest way takes so many turns."""
        return self.horizon

    def __call__(self, g: np.random.Generator) -> Search:
        while True:
            moves, start = self.world(g), int(g.integers(self.modulus))
            lengths = {goal: len(way) for goal, way in ways(moves, start).items()}
            if goals := [goal for goal, length in lengths.items() if NEAREST <= length <= self.limit(length)]:
                goal = goals[int(g.integers(len(goals)))]
                return search(moves, start, goal, self.modulus, self.limit(lengths[goal]), self.grid)


@dataclass(frozen=True)
class Maze(Searches):
    """A grid with walls, which are found by walking into them. A random tree joins all states; `doors` more walls are open.

    >>> from synthtasks import rng
    >>> maze = Maze(side=3, doors=0)(rng("example"))
    >>> maze.start, [step.primitive.symbol for step in maze.steps], maze.goal
    (2, ['s', 's', 'w', 'w'], 6)
    """

    doors: Annotated[int, From(0)] = 3

    def world(self, g: np.random.Generator) -> Moves:
        pairs = [(s, a, beside(self.side, s, a)) for s in range(self.modulus) for a in ("e", "s")]
        walls = [(s, a, to) for s, a, to in pairs if to is not None]
        root, moves, closed = list(range(self.modulus)), dict[tuple[int, str], int](), 0

        def tree(state: int) -> int:
            while root[state] != state:
                state = root[state]
            return state

        for i in g.permutation(len(walls)).tolist():  # Kruskal's algorithm; the first walls that it would leave are the doors
            state, action, to = walls[i]
            joined = tree(state) == tree(to)
            closed += joined
            if joined and closed > self.doors:
                continue
            root[tree(state)] = tree(to)
            moves[state, action], moves[to, BACK[action]] = to, state
        return moves


@dataclass(frozen=True)
class Lock(Searches):
    """A ring of states, along which each action turns by an amount that is hidden, and different for each; in a share of the states an
    action jams, and so is invalid.

    >>> from synthtasks import rng
    >>> lock = Lock(side=3)(rng("example"))
    >>> lock.moves[0, "n"], lock.moves[1, "n"], (3, "n") in lock.moves
    (5, 6, False)
    """

    jams: Annotated[float, From(0, 0.9)] = 0.25

    @property
    def grid(self) -> int:
        """None is known."""
        return 0

    def world(self, g: np.random.Generator) -> Moves:
        amounts = (1 + g.permutation(self.modulus - 1)[: len(ACTIONS)]).tolist()
        free = (g.random((self.modulus, len(ACTIONS))) >= self.jams).tolist()
        turned = ((s, i, (s + by) % self.modulus) for s in range(self.modulus) for i, by in enumerate(amounts))
        return {(s, ACTIONS[i]): to for s, i, to in turned if free[s][i]}


@dataclass(frozen=True)
class Field(Searches):
    """A grid without walls, with just the turns of a shortest way: an action that is invalid, beyond the edge, or tried in a state for a
    second time comes with a failure that is certain by then."""

    def world(self, g: np.random.Generator) -> Moves:
        pairs = [((s, a), beside(self.side, s, a)) for s in range(self.modulus) for a in ACTIONS]
        return {move: to for move, to in pairs if to is not None}

    def limit(self, nearest: int) -> int:
        return nearest
