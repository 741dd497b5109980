"""Random dependency graphs of an exact size, depth and sharing, without rejection.

A spine of `depth` steps ends in the query. Every other step of the proof fills a free operand of a step one level
above, so the query depends on it and no path grows longer. Last, a share fills a free operand with an existing step.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

import numpy as np

from synthtasks.checked import From, check
from synthtasks.domains import Value
from synthtasks.primitives import SUM, Operation
from synthtasks.problem import Step

T = TypeVar("T")
BLOCK = 128  # random numbers drawn at once
DEEPEST = 400  # steps of two calls each, within Python's recursion limit of 1,000


class Draws:
    """Random choices from blocks of numbers, because calls of a generator are slow."""

    def __init__(self, g: np.random.Generator):
        self._g = g
        self._left: list[float] = []

    def below(self, n: int) -> int:
        """An integer in [0, n)."""
        if not self._left:
            self._left = self._g.random(BLOCK).tolist()
        return int(self._left.pop() * n)

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """`count` different items, in random order."""
        if not count:
            return []
        ranks = self._g.random(len(items)).tolist()
        return [items[i] for i in sorted(range(len(items)), key=ranks.__getitem__)[:count]]


@dataclass(slots=True)
class Node:
    """A step under construction. An operand is another node, or None for a value to be drawn."""

    level: int  # steps on the longest path that may end here
    operands: list["Node | None"]
    total: bool = False  # a sum over its operands, all of them steps
    name: str = field(default="", compare=False)


@dataclass(frozen=True)
class Shape:
    """The size, depth and sharing of a proof.

    Raises:
        ValueError: if no graph has this shape.
    """

    steps: Annotated[int, From(1)]
    depth: Annotated[int, From(1)]
    shares: Annotated[int, From(0)] = 0  # operands filled by a step that another step uses too
    totals: Annotated[int, From(0)] = 0  # steps that are a sum of other steps
    fan_in: Annotated[int, From(2)] = 3  # operands of a total

    def __post_init__(self) -> None:
        check(self)
        if self.shares + self.totals > max(self.depth - 2, 0):
            depth = self.shares + self.totals + 2
            raise ValueError(f"shares and totals need a level each beyond the second: depth at least {depth}; found {self}")
        if self.depth > DEEPEST:
            raise ValueError(f"graphs are built by recursion, down to depth {DEEPEST}; found {self}")
        low, high = self.sizes(self.depth)
        if not low <= self.steps <= high:
            raise ValueError(f"with its other dials, this shape takes {low} to {high} steps; found {self}")

    def sizes(self, depth: int) -> tuple[int, int]:
        """The fewest and the most steps of a proof of `depth` with this shape's shares and totals."""
        low = depth + self.totals * (self.fan_in - 1)
        binary = depth - self.shares - self.totals  # levels of the spine whose second operand is free
        return low, low + 2**binary - binary - 1

    def depth_for(self, steps: int) -> int:
        """The depth nearest to this shape's that a proof of `steps` can have; this shape's if there is none."""
        special = self.shares + self.totals
        depths = range(special + 2 if special else 1, min(steps, DEEPEST) + 1)
        fitting = [depth for depth in depths if self.sizes(depth)[0] <= steps <= self.sizes(depth)[1]]
        return min(fitting, key=lambda depth: abs(depth - self.depth), default=self.depth)


def grow(shape: Shape, draws: Draws) -> Node:
    """A random graph of this shape; its root is the query."""
    spine = [Node(1, [None, None])]
    special = [0] * (shape.depth + 1)  # by level: 1 for a share, 2 for a total
    for i, level in enumerate(draws.some(range(3, shape.depth + 1), shape.shares + shape.totals)):
        special[level] = 1 if i < shape.shares else 2
    for level in range(2, shape.depth + 1):
        node = Node(level, [None] * (shape.fan_in if special[level] == 2 else 2))
        node.operands[draws.below(len(node.operands))] = spine[-1]
        spine.append(node)
    nodes = list(spine)
    free = [node for node in spine if node.level > 1 and not special[node.level]]
    for total in (node for node in spine if special[node.level] == 2):
        total.total = True
        for _ in range(shape.fan_in - 1):
            _attach(total, nodes, free, draws)
    for _ in range(shape.steps - len(nodes)):
        _attach(free[draws.below(len(free))], nodes, free, draws)
    for node in (node for node in spine if special[node.level] == 1):
        lower = [other for other in nodes if other.level < node.level and not any(other is operand for operand in node.operands)]
        node.operands[node.operands.index(None)] = lower[draws.below(len(lower))]
    return spine[-1]


def _attach(above: Node, nodes: list[Node], free: list[Node], draws: Draws) -> None:
    """Attach a new step as an operand of `above`."""
    node = Node(above.level - 1, [None, None])
    gaps = [i for i, operand in enumerate(above.operands) if operand is None]
    if len(gaps) == 1:
        above.operands[gaps[0]] = node
        free[:] = [other for other in free if other is not above]
    else:
        above.operands[gaps[draws.below(len(gaps))]] = node
    nodes.append(node)
    if node.level > 1:
        free.append(node)


def proof(root: Node, primitives: Sequence[Operation], modulus: int, names: Sequence[str], draws: Draws) -> tuple[Step, ...]:
    """The steps of a graph in the order of evaluation, operands first and from left to right; `names` name them in that order.

    A step may apply a unary primitive if at most one of its operands is a step.
    """
    steps: list[Step] = []
    binary = [p for p in primitives if p.arity == 2]

    def visit(node: Node) -> str:
        if not node.name:
            operands = node.operands
            arguments: list[str | Value] = [draws.below(modulus) if operand is None else visit(operand) for operand in operands]
            primitive: Operation = SUM
            if not node.total:
                choice = primitives if operands[0] is None or operands[1] is None else binary
                primitive = choice[draws.below(len(choice))]
                if primitive.arity == 1:
                    arguments = [arguments[0 if operands[1] is None else 1]]
            node.name = names[len(steps)]
            steps.append(Step(node.name, primitive, tuple(arguments)))
        return node.name

    visit(root)
    return tuple(steps)
