"""Repeated lookups in a table that the problem states."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from synthtasks.checked import From, check
from synthtasks.families.chains import Chain, chain
from synthtasks.families.dials import Dial
from synthtasks.families.dials.quantities import domain_size, length
from synthtasks.primitives import Given, Operation
from synthtasks.problem import Problem


@dataclass(frozen=True)
class Hops(Chain):
    """`steps` hops along a cycle of `nodes`; the problem states all arrows in random order (Depo, arXiv:2512.17351).

    >>> from synthtasks import rng
    >>> p = Hops(steps=2, nodes=4)(rng("example"))
    >>> p.tables[0].entries
    ((0, 2), (3, 1), (2, 3), (1, 0))
    >>> p.steps[0].arguments, [p.values[step.name] for step in p.steps]
    ((3,), [1, 0])

    Raises:
        ValueError: if a dial is out of range, or there are not fewer hops than nodes.
    """

    steps: Annotated[int, From(1)] = 3
    nodes: Annotated[int, From(2)] = 12

    dials: ClassVar[tuple[Dial, ...]] = (Dial("steps", (2, 3, 4, 5, 6), length), Dial("nodes", (8, 12, 16), domain_size))

    def __post_init__(self) -> None:
        check(self)
        if self.steps >= self.nodes:
            raise ValueError(f"a cycle of {self.nodes} nodes has 1 to {self.nodes - 1} hops to another node; found steps={self.steps}")

    @property
    def modulus(self) -> int:
        return self.nodes

    @property
    def primitives(self) -> tuple[Operation, ...]:
        return (Given("next", "next", ()),)

    def __call__(self, g: np.random.Generator) -> Problem:
        cycle = g.permutation(self.nodes).tolist()
        arrows = list(zip(cycle, cycle[1:] + cycle[:1], strict=True))
        table = Given("next", "next", tuple(arrows[i] for i in g.permutation(self.nodes).tolist()))
        return chain(cycle[0], [(table, ())] * self.steps, self.nodes, (table,))
