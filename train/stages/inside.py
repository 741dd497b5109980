"""What lies inside a value, however deep in tuples and plain dataclasses: found, or put in another's place."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from typing import TypeVar

from synthtasks.primitives import Primitive

Sought = TypeVar("Sought")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Place:
    """Stands in a list of values for one that comes before it in that list."""

    number: int


def inside(values: Iterable[object], sought: type[Sought]) -> Iterator[Sought]:
    """The values of a dataclass among `values` and in them; none of those inside of these."""
    for value in values:
        if isinstance(value, tuple):
            yield from inside(value, sought)
        elif names := _names(type(value)):
            if isinstance(value, sought):
                yield value
            else:
                yield from inside([getattr(value, name) for name in names], sought)


def swapped(value: object, sought: type[Sought], other: Callable[[Sought], object]) -> object:
    """The same value, with others in the place of those of a dataclass."""
    if isinstance(value, sought):
        return other(value)
    if type(value) is tuple:
        parts = tuple([swapped(part, sought, other) for part in value])
        return value if all(a is b for a, b in zip(parts, value, strict=True)) else parts
    old = {name: getattr(value, name) for name in _names(type(value))}
    new = {name: swapped(part, sought, other) for name, part in old.items()}
    return value if all(new[name] is old[name] for name in old) else filled(type(value), new)


def filled(of: type[Made], values: Mapping[str, object]) -> Made:
    """A dataclass of these fields, which were checked when it was made first."""
    made = object.__new__(of)
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made


def _names(of: type) -> tuple[str, ...]:
    """The fields in which something can lie."""
    return _remembered(of)


@lru_cache(maxsize=4_096)
def _remembered(of: type) -> tuple[str, ...]:
    return tuple(f.name for f in fields(of)) if is_dataclass(of) and not issubclass(of, type | Primitive) else ()
