"""Walks on a board with walls."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from synthtasks.checked import From, check
from synthtasks.families.chains import Chain, chain
from synthtasks.families.dials import Dial
from synthtasks.families.dials.quantities import board_side, length, table_entries
from synthtasks.families.kit.graphs import Draws
from synthtasks.primitives import Given, Operation, Primitive
from synthtasks.problem import Problem


def _move(dx: int, dy: int, cell: int, cells: int) -> int:
    """The neighbouring cell of a square board; at the edge, the same cell."""
    side = round(cells**0.5)
    x, y = cell % side + dx, cell // side + dy
    return y * side + x if 0 <= x < side and 0 <= y < side else cell


def _north(cell: int, modulus: int) -> int:
    """The cell one row up on a square board of m cells, numbered from 0 row by row; at the edge, the same cell."""
    return _move(0, -1, cell, modulus)


def _east(cell: int, modulus: int) -> int:
    """The cell one column to the right on a square board of m cells, numbered from 0 row by row; at the edge, the same cell."""
    return _move(1, 0, cell, modulus)


def _south(cell: int, modulus: int) -> int:
    """The cell one row down on a square board of m cells, numbered from 0 row by row; at the edge, the same cell."""
    return _move(0, 1, cell, modulus)


def _west(cell: int, modulus: int) -> int:
    """The cell one column to the left on a square board of m cells, numbered from 0 row by row; at the edge, the same cell."""
    return _move(-1, 0, cell, modulus)


MOVES = tuple(Primitive(name, name, move, 1) for name, move in (("north", _north), ("east", _east), ("south", _south), ("west", _west)))


@dataclass(frozen=True)
class Grid(Chain):
    """A walk on a square board whose cells are numbered row by row; walls block some moves (arXiv:2210.10749).

    A move into a wall or off the board stays in its cell. The problem states each wall as an entry of a move's table.

    >>> from synthtasks import rng
    >>> p = Grid(steps=3, side=3, walls=2)(rng("example"))
    >>> [(t.name, t.entries) for t in p.tables]
    [('east', ((6, 6), (1, 1)))]
    >>> [(s.primitive.name, s.arguments, p.values[s.name]) for s in p.steps]
    [('south', (1,), 4), ('east', ('A',), 5), ('west', ('B',), 4)]

    Raises:
        ValueError: if a dial is out of range, or the board has no room for its walls.
    """

    steps: Annotated[int, From(1)] = 6
    side: Annotated[int, From(2)] = 4
    walls: Annotated[int, From(0)] = 4

    dials: ClassVar[tuple[Dial, ...]] = (
        Dial("steps", (2, 4, 6, 8, 10), length),
        Dial("side", (3, 4, 5), board_side),
        Dial("walls", (0, 2, 4, 6), table_entries),
    )

    def __post_init__(self) -> None:
        check(self)
        inner = 4 * self.side * (self.side - 1)
        if self.walls > inner:
            raise ValueError(f"a board of side {self.side} has 0 to {inner} walls; found walls={self.walls}")

    @property
    def modulus(self) -> int:
        return self.side**2

    @property
    def primitives(self) -> tuple[Operation, ...]:
        return MOVES

    def __call__(self, g: np.random.Generator) -> Problem:
        draws = Draws(g)
        free = [(move, cell) for move in MOVES for cell in range(self.modulus) if move(cell, modulus=self.modulus) != cell]
        walls = draws.some(free, self.walls)
        walled = {move: tuple((cell, cell) for m, cell in walls if m is move) for move in MOVES}
        moves: list[Operation] = [Given(m.name, m.symbol, walled[m], m) if walled[m] else m for m in MOVES]
        start = draws.below(self.modulus)
        tables = tuple(move for move in moves if isinstance(move, Given))
        return chain(start, [(moves[draws.below(4)], ()) for _ in range(self.steps)], self.modulus, tables)
