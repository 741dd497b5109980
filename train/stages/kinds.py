"""Classes of values in expressions: what they are called in every process, what their values consist of, and which are refused."""

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import MISSING as REQUIRED
from dataclasses import Field, dataclass, fields, is_dataclass
from functools import cached_property, lru_cache
from inspect import getattr_static
from operator import attrgetter
from pathlib import Path

from synthtasks.primitives import Primitive

STARTED = ("__main__", "__mp_main__")  # the module that Python was started with, and the same one in a process that it spawned
DRAWN = ("primitives", "modulus", "names")  # what every family offers
HOLDING = (int, float, complex, str, bytes, bytearray, tuple, list, dict, set, frozenset)  # their values hold what is no field
KINDS = 4_096  # classes that are remembered


@dataclass(frozen=True)
class Kind:
    """What all values of a class have in common."""

    name: str
    fields: tuple[str, ...]
    drawn: tuple[str, ...]  # of a family: what it draws with that is no field of it
    state: frozenset[str]  # names of all that a value may hold: its fields, and what it remembers of them


def kind_of(of: type) -> str:
    """The name of a class. One that a subpackage offers is called by that: in which of its files it is written does not matter. Nor does it
    whether its module was imported, started with `python -m`, or started and then loaded again by a worker process. A class that a
    script defines is called by a hash of that script, since others may define another one of its name.

    Raises:
        TypeError: if the class is not at the top level of a file, so that two can have one name.
    """
    if "<locals>" in of.__qualname__:
        raise _refused(of, "it is defined inside a function, where two classes can have one name")
    module = _script(of) if of.__module__ in STARTED else of.__module__
    package = module.rpartition(".")[0]
    offered = "." in package and getattr(sys.modules.get(package), of.__qualname__, None) is of
    return f"{package if offered else module}.{of.__qualname__}"


def _script(of: type) -> str:
    """What the module is called that Python was started with."""
    module = sys.modules.get(of.__module__)
    spec, file = getattr(module, "__spec__", None), getattr(module, "__file__", None)
    try:
        found = attrgetter(of.__qualname__)(module) is of
    except AttributeError:
        found = False
    if found and spec is not None and spec.name not in STARTED:
        return str(spec.name)
    if not found or file is None:
        raise _refused(of, "no file of this process defines it at its top level, so other processes would not find it")
    return f"{STARTED[0]}.{hashlib.sha256(Path(file).read_bytes()).hexdigest()[:12]}"


def _refused(of: type, reason: str) -> TypeError:
    return TypeError(f"{of.__qualname__} cannot be part of an experiment: {reason}. Define it at the top level of a module")


def kind(of: type) -> Kind:
    """The kind of a dataclass.

    Raises:
        TypeError: if values of the class can change, or hold more than their fields.
    """
    return _kind(of)


@lru_cache(maxsize=KINDS)
def _kind(of: type) -> Kind:
    if "__dataclass_params__" not in vars(of) or not of.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        raise TypeError(
            f"{of.__qualname__} cannot be part of an experiment: its values can change after they were named. "
            "Decorate the class itself with @dataclass(frozen=True)"
        )
    if issubclass(of, HOLDING):
        raise TypeError(f"{of.__qualname__} cannot be part of an experiment: its values are more than their fields; give it one field more")
    names = tuple(f.name for f in fields(of))  # type: ignore[arg-type]
    family = all(n in names or hasattr(of, n) for n in DRAWN)
    remembered = {n for base in of.__mro__ for n, v in vars(base).items() if isinstance(v, cached_property)}
    return Kind(
        kind_of(of),
        names,
        tuple(n for n in DRAWN if family and n not in names and _offers(of, n)),
        frozenset(names) | frozenset(remembered),
    )


def _offers(of: type, name: str) -> bool:
    """Whether a class offers an attribute as a constant or as a property, `names` apart: computed ones follow from the fields."""
    found = getattr_static(of, name)
    return not hasattr(found, "__get__") or (name != "names" and isinstance(found, property | cached_property))


def parts(value: object) -> Iterator[tuple[str, object]]:
    """All that a dataclass consists of, by name: its fields and, of a family, what it draws with that is in none of them.

    Raises:
        TypeError: as `kind` does; or if this value holds anything else.
    """
    known = kind(type(value))
    if more := getattr(value, "__dict__", {}).keys() - known.state:
        raise TypeError(
            f"{type(value).__qualname__} cannot be part of an experiment: {', '.join(sorted(more))} is no field of it. "
            "What a value is made of must be its fields (no InitVar)"
        )
    for name in known.fields:
        yield name, getattr(value, name)
    for name in known.drawn:
        yield name, drawn(value, name)


def drawn(value: object, name: str) -> object:
    """What a family offers under this name; of primitives, those that its fields do not hold."""
    offered = getattr(value, name)
    if name != "primitives":
        return offered
    held = {id(p) for field in kind(type(value)).fields for p in _primitives(getattr(value, field))}
    return tuple(p for p in offered if id(p) not in held)


def _primitives(value: object) -> Iterator[object]:
    if type(value) is tuple:
        for part in value:
            yield from _primitives(part)
    elif isinstance(value, Primitive):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for _, part in parts(value):
            yield from _primitives(part)


def default(field: Field[object]) -> object:
    """What a field is where nothing was said; MISSING if that is refused."""
    return field.default if field.default_factory is REQUIRED else field.default_factory()
