"""What lies inside a value, however deep in tuples and plain dataclasses: found, or put in another's place."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import TypeVar

from synthtasks.primitives import Primitive

Sought = TypeVar("Sought")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Place:
    """Stands in a list of values for one that comes before it in that list."""

    number: int


def inside(value: object, sought: type[Sought]) -> Iterator[Sought]:
    """The values of a class in `value`, or `value` itself; none of those inside of these."""
    if isinstance(value, sought):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from inside(part, sought)
    elif _plain(value):
        for field in fields(value):  # type: ignore[arg-type]
            yield from inside(getattr(value, field.name), sought)


def swapped(value: object, sought: type[Sought], other: Callable[[Sought], object]) -> object:
    """The same value, with others in the place of those of a class."""
    if isinstance(value, sought):
        return other(value)
    if type(value) is tuple:
        parts = tuple([swapped(part, sought, other) for part in value])
        return value if all(a is b for a, b in zip(parts, value, strict=True)) else parts
    if not _plain(value):
        return value
    old = {f.name: getattr(value, f.name) for f in fields(value)}  # type: ignore[arg-type]
    new = {name: swapped(part, sought, other) for name, part in old.items()}
    return value if all(new[name] is old[name] for name in old) else filled(type(value), new)


def filled(of: type[Made], values: Mapping[str, object]) -> Made:
    """A dataclass of these fields, which were checked when it was made first."""
    made = object.__new__(of)
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made


def _plain(value: object) -> bool:
    return is_dataclass(value) and not isinstance(value, type | Primitive)
