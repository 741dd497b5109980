"""Dials: a field of a family, its values, and the quantity that it sets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, Protocol

from synthtasks.checked import check
from synthtasks.families.dials.quantities import Quantity
from synthtasks.families.kit.family import Family, changed


@dataclass(frozen=True)
class Dial:
    """A field of a family, values that combine freely with those of the other dials, and the quantity that it sets.

    `measure(problem) == value` for every problem of the family at that value.

    Raises:
        ValueError: if there is no value, or a value is repeated and would be drawn twice as often.
    """

    field: str
    values: tuple[int, ...]
    measure: Quantity

    def __post_init__(self) -> None:
        check(self)
        if not self.values or len(set(self.values)) < len(self.values):
            raise ValueError(f"Dial.values holds different numbers, at least one; found {self.values}")


@dataclass(frozen=True)
class Forced:
    """A quantity that a dial moves by definition, although another dial or none sets it.

    Raises:
        ValueError: if no reason is given.
    """

    dial: str
    quantity: str
    reason: str

    def __post_init__(self) -> None:
        check(self)
        if not self.reason:
            raise ValueError("Forced.reason must not be empty; found ''")


class Dialled(Family, Protocol):
    """A family with dials. It may also declare `forced` pairs, and in `sets` values of other fields that its dials need."""

    dials: ClassVar[tuple[Dial, ...]]


def turn(family: Dialled, chosen: Mapping[str, int]) -> Family:
    """The family with its dials at the chosen values, by field, and with its `sets`.

    Raises:
        ValueError: if the family lacks a field or refuses a value.
    """
    sets: Mapping[str, int] = getattr(family, "sets", {})
    turnable(family, (*sets, *chosen))
    return changed(family, **sets, **chosen)


def turnable(family: Dialled, names: Iterable[str]) -> None:
    """Check that the family has fields of these names.

    Raises:
        ValueError: if one is missing.
    """
    known = [f.name for f in fields(family)]  # type: ignore[arg-type]  # a family is a dataclass
    if strange := [name for name in names if name not in known]:
        raise ValueError(f"{type(family).__name__} has no field {strange[0]!r} that could be turned; it has {', '.join(known)}")
