"""Difficulty: the first dial of a family."""

from typing import Protocol, cast, runtime_checkable

from synthtasks.families.dials.dial import Dial, Dialled, turnable
from synthtasks.families.kit.family import Family, changed


@runtime_checkable
class Holding(Family, Protocol):
    """A family that draws from another family; its difficulty is that of the other."""

    @property
    def family(self) -> Family: ...


@runtime_checkable
class Adapting(Family, Protocol):
    """A family that changes other fields along with its difficulty."""

    def at(self, n: int) -> Family: ...


def difficulty(family: Family) -> Dial:
    """The dial of difficulty: the first of the family's `dials`.

    Raises:
        ValueError: if the family declares none.
    """
    if isinstance(family, Holding):
        return difficulty(family.family)
    dials: tuple[Dial, ...] = getattr(family, "dials", ())
    if not dials:
        example = 'dials = (Dial("steps", (2, 4, 6), length),)'
        raise ValueError(f"{type(family).__name__} has no dial of difficulty; declare it as the first of its dials, such as {example}")
    turnable(cast(Dialled, family), [dials[0].field])
    return dials[0]


def level(family: Family) -> int:
    """The value of the dial of difficulty.

    Raises:
        ValueError: as `difficulty`.
    """
    if isinstance(family, Holding):
        return level(family.family)
    found: int = getattr(family, difficulty(family).field)
    return found


def at(family: Family, n: int) -> Family:
    """The family at difficulty `n`; other fields change only where they must.

    Raises:
        ValueError: as `difficulty`, or if the family refuses `n`.
    """
    if isinstance(family, Holding):
        return changed(family, family=at(family.family, n))
    dial = difficulty(family)
    return family.at(n) if isinstance(family, Adapting) else changed(family, **{dial.field: n})


def difficulties(family: Family, most: int) -> tuple[int, ...]:
    """The difficulties from 1 to `most` that the family accepts.

    Raises:
        ValueError: as `difficulty`.
    """
    difficulty(family)

    def accepts(n: int) -> bool:
        try:
            at(family, n)
        except ValueError:  # the family has no such problems
            return False
        return True

    return tuple(n for n in range(1, most + 1) if accepts(n))
