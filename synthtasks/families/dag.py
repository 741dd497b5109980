"""Dependency graphs as in iGSM (arXiv:2407.20311) and GSM-Infinite (arXiv:2502.05252), with independent dials."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, ClassVar

from synthtasks.checked import From
from synthtasks.families.dials import Dial, Forced
from synthtasks.families.dials.quantities import branching_off, domain_size, length, longest_path, most_operands, shared_uses, unconnected
from synthtasks.families.kit.distractors import Order, Scattered
from synthtasks.families.kit.graphs import Shape
from synthtasks.primitives import ADD, MUL, SUB, SUM, Primitive
from synthtasks.problem import Surplus


@dataclass(frozen=True)
class Dag(Scattered):
    """Quantities that are defined by each other; the problem asks for one of them.

    The proof has exactly `steps` steps, `depth` of them on its longest path, and `shares` uses of a step beyond the
    first. `totals` of its steps are implicit quantities: the problem lists their members, and the solver adds these up.
    Distractors use steps of the proof (`branching`) or none of them (`disconnected`).

    >>> from synthtasks import rng
    >>> p = Dag(steps=3, depth=2, branching=1)(rng("example"))
    >>> [(s.name, s.primitive.symbol, s.arguments) for s in p.stated]
    [('D', '*', (1, 'B')), ('C', '+', ('B', 'A')), ('B', '*', (4, 2)), ('A', '*', (4, 0))]
    >>> p.query, p.answer
    ('C', 8)

    `Dag(steps=12, depth=d)` varies depth at a fixed length of prompt and solution.

    Raises:
        ValueError: if a dial is out of range, or dials contradict each other.
    """

    shares: Annotated[int, From(0)] = 0
    totals: Annotated[int, From(0)] = 0
    fan_in: Annotated[int, From(2)] = 3  # operands of a total
    branching: Annotated[int, From(0)] = 0  # distractors that use a step of the proof
    disconnected: Annotated[int, From(0)] = 0  # distractors that use none
    order: Order = "shuffled"  # of the statements
    primitives: tuple[Primitive, ...] = (ADD, SUB, MUL, SUM)
    modulus: Annotated[int, From(2)] = 10
    surplus: Surplus = "refused"

    dials: ClassVar[tuple[Dial, ...]] = (
        Dial("steps", (17, 18, 19, 20, 21, 22), length),
        Dial("depth", (9, 10, 11), longest_path),
        Dial("shares", (0, 1, 2), shared_uses),
        Dial("fan_in", (3, 4), most_operands),
        Dial("branching", (0, 2, 4), branching_off),
        Dial("disconnected", (0, 2, 4), unconnected),
        Dial("modulus", (7, 10, 13), domain_size),
    )
    folds: ClassVar[tuple[Primitive, ...]] = (SUM,)
    sets: ClassVar[dict[str, int]] = {"totals": 2}
    forced: ClassVar[tuple[Forced, ...]] = (
        *Scattered.forced,
        Forced("fan_in", "width", "the operands of a total do not depend on each other"),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.totals and SUM not in self.primitives:
            raise ValueError("totals are sums: add SUM to `primitives`, or set totals=0")

    @property
    def one_derivation(self) -> bool:
        """True if the proof is a chain and surplus steps are refused."""
        return super().one_derivation and self.surplus == "refused"

    @cached_property
    def shape(self) -> Shape:
        return Shape(self.steps, self.depth, self.shares, self.totals, self.fan_in)
