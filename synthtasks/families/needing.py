"""Families without some primitives, and families restricted to problems that apply some."""

from dataclasses import dataclass, fields

import numpy as np

from synthtasks.checked import check
from synthtasks.families.kit.family import Family, changed, has_one_derivation
from synthtasks.families.program import Uses
from synthtasks.primitives import Operation
from synthtasks.problem import Problem

ATTEMPTS = 10_000  # draws for one problem; where one draw in 216 will do (three steps, one primitive of six), 10,000 misses have p = 1e-20


@dataclass(frozen=True)
class Needing:
    """Problems of `family` whose proofs apply some primitives, by rejection.

    >>> from synthtasks import Dag, rng
    >>> p = Needing(Dag(steps=4, depth=3), Uses(("mul",), 3))(rng("example"))
    >>> [s.primitive.name for s in p.proof]
    ['mul', 'mul', 'add', 'mul']

    Raises:
        ValueError: if `uses` names no primitive, or one that the family lacks.
    """

    family: Family
    uses: Uses

    def __post_init__(self) -> None:
        check(self)
        known = [p.name for p in self.family.primitives]
        if not self.uses.names or not set(self.uses.names) <= set(known):
            raise ValueError(f"Needing.uses names some of the family's primitives, which are {known}; found {list(self.uses.names)}")

    @property
    def primitives(self) -> tuple[Operation, ...]:
        return self.family.primitives

    @property
    def modulus(self) -> int:
        return self.family.modulus

    @property
    def names(self) -> int:
        return self.family.names

    @property
    def one_derivation(self) -> bool:
        return has_one_derivation(self.family)

    def __call__(self, g: np.random.Generator) -> Problem:
        """The first draw whose proof applies the primitives as often as `uses` asks.

        Raises:
            ValueError: if none of 10,000 draws does.
        """
        for _ in range(ATTEMPTS):
            p = self.family(g)
            if sum(step.primitive.name in self.uses.names for step in p.proof) >= min(self.uses.count, len(p.proof)):
                return p
        found = f"of {ATTEMPTS:,} draws of {self.family} none applies {' or '.join(self.uses.names)} {self.uses.count} times"
        raise ValueError(f"{found}; ask for fewer applications, or for more steps")


def needing(family: Family, uses: Uses) -> Family:
    """The family restricted to problems that apply some primitives: by its field `uses` if it has one, else by rejection.

    Raises:
        ValueError: if the family lacks one of them.
    """
    if "uses" in _fields(family):
        return changed(family, uses=uses)
    return Needing(family, uses)


def knowing(family: Family, withheld: tuple[str, ...]) -> Family:
    """The family without the primitives called `withheld`; changes its field `primitives`, or the field that holds the same value.

    Raises:
        ValueError: if the family lacks one of them, has no others, or has no such field.
    """
    known = [p.name for p in family.primitives]
    left = tuple(p for p in family.primitives if p.name not in withheld)
    if not set(withheld) <= set(known) or not left:
        raise ValueError(f"withhold some of {known}, but not all; found {list(withheld)}")
    held = [name for name in sorted(_fields(family), key="primitives".__ne__) if getattr(family, name) == family.primitives]
    if not held:
        advice = "give it `primitives: tuple[Primitive, ...] = (...)` as a field"
        raise ValueError(f"{type(family).__name__} has no field that holds its primitives, so none can be withheld; {advice}")
    return changed(family, **{held[0]: left})


def _fields(family: Family) -> tuple[str, ...]:
    return tuple(f.name for f in fields(family))  # type: ignore[arg-type]  # a family is a dataclass
