"""State that is carried along: what most tasks of the state-tracking literature are. Every step needs the one before it."""

from dataclasses import dataclass
from functools import cache
from itertools import permutations
from typing import ClassVar

import numpy as np

from synthtasks.families.dials import Dial, Forced, board_side, domain_size, length, table_entries
from synthtasks.families.family import label
from synthtasks.families.graphs import Draws
from synthtasks.primitives import Given, Operation, Primitive
from synthtasks.problem import Problem, Step

CHAIN = (
    Forced("steps", "depth", "a chain: every step needs the one before it"),
    Forced("steps", "statements", "a chain has no steps beside it"),
)


def chain(start: int, steps: list[tuple[Operation, tuple[int, ...]]], modulus: int, tables: tuple[Given, ...] = ()) -> Problem:
    """Each of `steps` applied to what the one before it gave, and to values of its own."""
    made: list[Step] = []
    for i, (operation, values) in enumerate(steps):
        made.append(Step(label(i), operation, (made[-1].name if made else start, *values)))
    return Problem(tuple(made), made[-1].name, modulus, tables=tables)


@dataclass(frozen=True)
class Hops:
    """`steps` hops along a cycle of `nodes`, of which the problem states every arrow, in random order (Depo, arXiv:2512.17351).

    >>> from synthtasks import rng
    >>> p = Hops(steps=2, nodes=4)(rng("example"))
    >>> p.tables[0].entries
    ((0, 2), (3, 1), (2, 3), (1, 0))
    >>> p.steps[0].arguments, [p.values[step.name] for step in p.steps]
    ((3,), [1, 0])

    Raises:
        ValueError: if there are more hops than a cycle has other nodes.
    """

    steps: int = 3
    nodes: int = 12

    dials: ClassVar[tuple[Dial, ...]] = (Dial("steps", (2, 3, 4, 5, 6), length), Dial("nodes", (8, 12, 16), domain_size))
    forced: ClassVar[tuple[Forced, ...]] = CHAIN

    def __post_init__(self) -> None:
        if not 1 <= self.steps < self.nodes:
            raise ValueError(f"a cycle of {self.nodes} nodes has 1 to {self.nodes - 1} hops to another node; found steps={self.steps}")

    @property
    def modulus(self) -> int:
        return self.nodes

    @property
    def names(self) -> int:
        return self.steps

    @property
    def primitives(self) -> tuple[Operation, ...]:
        return (Given("next", "next", ()),)

    def __call__(self, g: np.random.Generator) -> Problem:
        cycle = g.permutation(self.nodes).tolist()
        arrows = list(zip(cycle, cycle[1:] + cycle[:1], strict=True))
        table = Given("next", "next", tuple(arrows[i] for i in g.permutation(self.nodes).tolist()))
        return chain(cycle[0], [(table, ())] * self.steps, self.nodes, (table,))


@cache
def _symmetric(n: int) -> tuple[tuple[int, ...], ...]:
    """The elements of S_n in lexicographic order: the identity first."""
    return tuple(permutations(range(n)))


@cache
def _places(n: int) -> dict[tuple[int, ...], int]:
    return {element: i for i, element in enumerate(_symmetric(n))}


def _compose(n: int, a: int, b: int) -> int:
    """First a, then b."""
    first, then = _symmetric(n)[a], _symmetric(n)[b]
    return _places(n)[tuple(then[i] for i in first)]


def _s3(a: int, b: int, modulus: int) -> int:
    return _compose(3, a, b)


def _s5(a: int, b: int, modulus: int) -> int:
    return _compose(5, a, b)


def _z(a: int, b: int, modulus: int) -> int:
    return (a + b) % modulus


S3, S5, Z = Primitive("s3", "s3", _s3), Primitive("s5", "s5", _s5), Primitive("z", "z", _z)
ORDERS = {"s3": 6, "s5": 120}


@dataclass(frozen=True)
class Group:
    """Word problems: the product of group elements, one after the other (arXiv:2404.08819, arXiv:2210.10749).

    Elements are numbers: of S_3 and S_5 the permutations in lexicographic order, of Z_m the residues. S_5 is not
    solvable, so its word problem is complete for NC1; the others' lie in TC0.

    >>> from synthtasks import rng
    >>> p = Group(steps=3, product=S3)(rng("example"))
    >>> [(s.name, s.arguments, p.values[s.name]) for s in p.steps]
    [('A', (2, 3), 5), ('B', ('A', 2), 4), ('C', ('B', 0), 4)]

    Raises:
        ValueError: if the order does not fit the group.
    """

    steps: int = 4
    product: Primitive = S5
    order: int = 0  # of Z_m; the others know theirs

    dials: ClassVar[tuple[Dial, ...]] = (Dial("steps", (2, 4, 6, 8, 10), length),)
    forced: ClassVar[tuple[Forced, ...]] = CHAIN

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"a word has at least one letter; found steps={self.steps}")
        if (self.product.name in ORDERS) == (self.order != 0) or self.order < 0 or self.order == 1:
            raise ValueError(
                f"S_3 and S_5 know their order, any other group needs one of at least 2; found {self.product.name}, order={self.order}"
            )

    @property
    def modulus(self) -> int:
        return self.order or ORDERS[self.product.name]

    @property
    def names(self) -> int:
        return self.steps

    @property
    def primitives(self) -> tuple[Operation, ...]:
        return (self.product,)

    def __call__(self, g: np.random.Generator) -> Problem:
        start, *letters = g.integers(self.modulus, size=self.steps + 1).tolist()
        return chain(start, [(self.product, (letter,)) for letter in letters], self.modulus)


def _move(dx: int, dy: int, cell: int, cells: int) -> int:
    """The next cell of a square board; at the edge one stays."""
    side = round(cells**0.5)
    x, y = cell % side + dx, cell // side + dy
    return y * side + x if 0 <= x < side and 0 <= y < side else cell


def _north(cell: int, modulus: int) -> int:
    return _move(0, -1, cell, modulus)


def _east(cell: int, modulus: int) -> int:
    return _move(1, 0, cell, modulus)


def _south(cell: int, modulus: int) -> int:
    return _move(0, 1, cell, modulus)


def _west(cell: int, modulus: int) -> int:
    return _move(-1, 0, cell, modulus)


MOVES = tuple(Primitive(name, name, move, 1) for name, move in (("north", _north), ("east", _east), ("south", _south), ("west", _west)))


@dataclass(frozen=True)
class Grid:
    """A walk on a square board whose cells are numbered row by row; some moves from some cells are walled (arXiv:2210.10749).

    Whoever walks into a wall, or off the board, stays. The problem states each wall as the move that it changes.

    >>> from synthtasks import rng
    >>> p = Grid(steps=3, side=3, walls=2)(rng("example"))
    >>> [(t.name, t.entries) for t in p.tables]
    [('east', ((6, 6), (1, 1)))]
    >>> [(s.primitive.name, s.arguments, p.values[s.name]) for s in p.steps]
    [('south', (1,), 4), ('east', ('A',), 5), ('west', ('B',), 4)]

    Raises:
        ValueError: if the board is too small for its walls, or the walk for a step.
    """

    steps: int = 6
    side: int = 4
    walls: int = 4

    dials: ClassVar[tuple[Dial, ...]] = (
        Dial("steps", (2, 4, 6, 8, 10), length),
        Dial("side", (3, 4, 5), board_side),
        Dial("walls", (0, 2, 4, 6), table_entries),
    )
    forced: ClassVar[tuple[Forced, ...]] = CHAIN

    def __post_init__(self) -> None:
        inner = 4 * self.side * (self.side - 1)
        if self.side < 2 or not 0 <= self.walls <= inner or self.steps < 1:
            raise ValueError(f"a board has a side of at least 2 and 0 to 4 side (side - 1) walls, a walk a step; found {self}")

    @property
    def modulus(self) -> int:
        return self.side**2

    @property
    def names(self) -> int:
        return self.steps

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
