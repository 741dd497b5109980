"""Dials: what a family's fields mean, as numbers that can be measured on its problems."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import ClassVar, Protocol, cast

from synthtasks.checked import check
from synthtasks.families.dials.quantities import Quantity
from synthtasks.families.kit.family import Family


@dataclass(frozen=True)
class Dial:
    """A field of a family, values at which it may be combined with any of the other dials', and the quantity that it sets.

    `measure(problem) == value` for every problem of the family at that value.

    Raises:
        ValueError: if there is no value, or one stands twice, which would come twice as often.
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
    """A dial moves a quantity that is not its own, for a reason that lies in what they are.

    Raises:
        ValueError: if no reason is given.
    """

    dial: str
    quantity: str
    reason: str

    def __post_init__(self) -> None:
        check(self)
        if not self.reason:
            raise ValueError("Forced.reason says why; found ''")


class Dialled(Family, Protocol):
    """A family that tells of its dials; it may also tell of its `forced` pairs, and of fields that its dials need to be `sets`."""

    dials: ClassVar[tuple[Dial, ...]]


def turn(family: Dialled, chosen: Mapping[str, int]) -> Family:
    """The family with its dials at the values chosen for their fields, and what they need of its other fields.

    Raises:
        ValueError: if the family has no such field, or not with such a value.
    """
    needs: Mapping[str, int] = getattr(family, "sets", {})
    turnable(family, (*needs, *chosen))
    return cast(Callable[..., Family], replace)(family, **needs, **chosen)


def turnable(family: Dialled, names: Iterable[str]) -> None:
    """Make sure that the family has fields of these names.

    Raises:
        ValueError: if it has not.
    """
    known = [f.name for f in fields(family)]  # type: ignore[arg-type]  # a family is a dataclass
    if strange := [name for name in names if name not in known]:
        raise ValueError(f"{type(family).__name__} has no field {strange[0]!r} that could be turned; it has {', '.join(known)}")
