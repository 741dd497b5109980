"""Expressions as JSON. Two of them are one if their JSON is equal, and hashes of that JSON name their results.

A dataclass is `{"is": kind, "fields": {...}, "usual": [...]}`. The text without the usual fields, which are at their default, gives the
identity of an expression, and the text with them its meaning. All that a value consists of enters, whatever its own equality says.
"""

import hashlib
import json
import sys
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING as REQUIRED
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property, lru_cache
from inspect import getattr_static
from linecache import getlines
from operator import attrgetter
from pathlib import Path
from symtable import symtable
from types import ModuleType
from typing import ClassVar, Generic, NamedTuple, Protocol, TypeVar, runtime_checkable

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Held = TypeVar("Held", covariant=True)

PLAIN = (bool, int, float, str, bytes, type(None))
STARTED = ("__main__", "__mp_main__")  # the module that Python was started with, here and in a spawned process
DRAWN = ("primitives", "modulus", "names")  # every family offers these, in fields or otherwise
HOLDING = (int, float, complex, str, bytes, bytearray, tuple, list, dict, set, frozenset)  # their values hold more than fields
TOP = "Define it at the top level of a module"
REMEMBERED = 4_096  # classes, and values: the families of one exam are those of a thousand others


class Form(NamedTuple):
    """A value as JSON."""

    json: Json  # numbers keep their type, by which the value can be made again
    whole: str  # its text; equal numbers are written alike
    changed: str  # the text without what is at its default
    own: tuple[object, ...] = ()  # the values in it that have an identity of their own


class Hashes(NamedTuple):
    """Hashes of an expression."""

    identity: str
    meaning: str


class Hashed:
    """A value that stands in the JSON of others by its hashes."""

    VERSION: ClassVar[int]

    @property
    def hashes(self) -> Hashes:
        raise NotImplementedError


@runtime_checkable
class Canonical(Protocol):
    """A dataclass that has an identity of its own in a family of some modulus, because its fields have none (a function)."""

    def canonical(self, modulus: int) -> Mapping[str, str]: ...  # all that makes it one
    def origin(self) -> Mapping[str, object]: ...  # by which it can be made again: plain values and dataclasses


def name(stage: Hashed) -> str:
    """The name of the stage's folder."""
    return f"{type(stage).__name__}-{stage.hashes.identity}"


def form(value: object, modulus: int | None = None) -> Form:
    """A part of an expression as JSON, in a family of this modulus. Types are taken exactly: a value of a class derived from `int` or
    `tuple` (an enum, a NamedTuple, a number of numpy's) is more than the number or the tuple.

    Raises:
        TypeError: for a value with no stable identity (a function, a tensor, a set, ...).
    """
    of = type(value)
    if of in (bool, int, float) and value % 1 == 0:  # type: ignore[operator]
        return Form(value, text := str(int(value)), text)  # type: ignore[arg-type, call-overload]  # 1, 1.0 and True are equal
    if value is None or of in (float, str):
        return Form(value, text := repr(value) if of is float else json.dumps(value), text)  # type: ignore[arg-type]
    if of is tuple:
        forms = [form(v, modulus) for v in value]  # type: ignore[attr-defined]
        whole, changed = ", ".join([f.whole for f in forms]), ", ".join([f.changed for f in forms])
        return Form([f.json for f in forms], f"[{whole}]", f"[{changed}]", tuple([v for f in forms for v in f.own]))
    if isinstance(value, Hashed):
        stage = f'"stage": "{name(value)}"'
        return Form({"stage": name(value)}, f'{{{stage}, "meaning": "{value.hashes.meaning}"}}', f"{{{stage}}}")
    if is_dataclass(value) and not isinstance(value, type):
        return _remembered(_Object(value), modulus)
    stable = "None, bool, int, float, str, tuples and frozen dataclasses of these (and primitives, inside a family with a modulus)"
    raise TypeError(f"{value!r} ({of.__name__}) cannot be part of an experiment: the same in every process are only {stable}")


@dataclass(frozen=True, eq=False)
class _Object:
    """A value compared by identity: fields that its own equality ignores can matter to an experiment."""

    value: object

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Object) and self.value is other.value


@lru_cache(maxsize=REMEMBERED)
def _remembered(of: _Object, modulus: int | None) -> Form:
    value = of.value
    if modulus is None or not isinstance(value, Canonical):
        return form_of_fields(value, modulus)
    record: dict[str, Json] = {"is": kind(type(value)).name, "canonical": {**value.canonical(modulus)}}
    text = json.dumps(record)
    return Form({**record, "origin": {k: form(v).json for k, v in value.origin().items()}}, text, text, (value,))


def form_of_fields(value: object, modulus: int | None = None) -> Form:
    """A dataclass as JSON: its kind, its fields and, of a family, what it draws with that is in none of them. Stages inside are hashed
    already.

    Raises:
        TypeError: as `form`; or if the value holds anything else.
    """
    of: type = type(value)
    modulus, known = getattr(value, "modulus", modulus), kind(of)
    if more := getattr(value, "__dict__", {}).keys() - known.state:
        raise _refused(of, f"{', '.join(sorted(more))} is no field of it. A value must hold nothing but its fields (no InitVar)")
    defaults, head = _defaults(of, modulus), [f'"is": "{known.name}"']
    values, usual, whole, changed, own = dict[str, Json](), list[Json](), list[str](), list[str](), list[object]()
    for called in known.fields:
        inner = form(getattr(value, called), modulus)
        values[called] = inner.json
        whole.append(f'"{called}": {inner.whole}')
        if defaults.get(called) == inner.whole:
            usual.append(called)
        else:
            changed.append(f'"{called}": {inner.changed}')
        own += inner.own
    found: dict[str, Json] = {"is": known.name, "fields": values, "usual": usual}
    if isinstance(value, Hashed):
        found["version"] = value.VERSION
        head.append(f'"version": {value.VERSION}')
    if known.drawn:
        held, offered = {id(v) for v in own}, {n: getattr(value, n) for n in known.drawn}
        draws = {n: form(tuple(p for p in v if id(p) not in held) if n == "primitives" else v, modulus) for n, v in offered.items()}
        found["draws"] = {n: inner.json for n, inner in draws.items()}
        head.append('"draws": ' + _object([f'"{n}": {inner.whole}' for n, inner in draws.items()]))
        own += [v for inner in draws.values() for v in inner.own]
    texts = [_object([*head, f'"fields": {_object(those)}']) for those in (whole, changed)]
    return Form(found, texts[0], texts[1], tuple(own))


def _object(texts: Sequence[str]) -> str:
    return f"{{{', '.join(texts)}}}"


@lru_cache(maxsize=REMEMBERED)
def _defaults(of: type, modulus: int | None) -> Mapping[str, str]:
    """The whole texts of the defaults of a dataclass, by field. A default without stable identity is left out."""
    found = {}
    for f in fields(of):
        usual = f.default if f.default_factory is REQUIRED else f.default_factory()
        if usual is not REQUIRED:
            with suppress(TypeError):
                found[f.name] = form(usual, modulus).whole
    return found


@dataclass(frozen=True)
class Exact(Generic[Held]):
    """A value that equals another if their JSON is equal: a key for caches, since its own equality may ignore fields."""

    value: Held = field(compare=False)
    whole: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "whole", form(self.value).whole)


def differences(then: object, now: Json, stages: Container[str], at: str = "") -> Iterator[str]:
    """Where recorded JSON says something else than that of a value. A record may lack fields that are at their default now, and how a
    value with its own identity is made again is no part of it. `stages` are the names of the recorded stages."""
    if isinstance(now, dict) and "is" in now:
        was, known, usual = _parts(then), _parts(now), now.get("usual")
        yield from (f"{at}{part} is known no more" for part in was.keys() - known.keys())
        for part, value in known.items():
            if part in was:
                yield from differences(was[part], value, stages, at + part)
            elif not isinstance(usual, list) or part[1:] not in usual:
                yield f"{at}{part} was not said, and is {json.dumps(value)[:120]} now"
    elif isinstance(now, list) and isinstance(then, list) and len(then) == len(now):
        for i, one in enumerate(now):
            yield from differences(then[i], one, stages, f"{at}.{i}")
    elif (then != now and (then == then or now == now)) or (isinstance(now, dict) and now["stage"] not in stages):  # NaN is itself
        yield f"{at} was {json.dumps(then)[:120]}, and is {json.dumps(now)[:120]} now"


def _parts(record: object) -> dict[str, Json]:
    """Everything that tells the JSON of a dataclass from that of others, by name."""
    if not isinstance(record, dict):
        return {}
    groups = [group for name in ("canonical", "draws", "fields") if isinstance(group := record.get(name), dict)]
    return {".is": record.get("is"), ".VERSION": record.get("version")} | {
        f".{name}": value for group in groups for name, value in group.items()
    }


@dataclass(frozen=True)
class Kind:
    """Facts about a class that hold for all its values."""

    name: str
    fields: tuple[str, ...]
    drawn: tuple[str, ...]  # of a family: what it draws with that is no field of it
    state: frozenset[str]  # names of all that a value may hold: its fields, and what it remembers of them


@lru_cache(maxsize=REMEMBERED)
def kind(of: type) -> Kind:
    """The kind of a dataclass.

    Raises:
        TypeError: if values of the class can change, or hold more than their fields.
    """
    if "__dataclass_params__" not in vars(of) or not of.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        raise _refused(of, "its values can change after they were named. Decorate the class itself with @dataclass(frozen=True)")
    if issubclass(of, HOLDING):
        raise _refused(of, "its values are more than their fields; give it one field more")
    names = tuple(sorted(f.name for f in fields(of)))  # type: ignore[arg-type]
    family = all(n in names or hasattr(of, n) for n in DRAWN)
    remembered = {n for base in of.__mro__ for n, v in vars(base).items() if isinstance(v, cached_property)}
    drawn = tuple(n for n in DRAWN if family and n not in names and _offers(of, n))
    return Kind(kind_of(of), names, drawn, frozenset(names) | frozenset(remembered))


def _offers(of: type, name: str) -> bool:
    """True if a class offers an attribute as a constant or as a property, `names` apart: computed ones follow from the fields."""
    found = getattr_static(of, name)
    return not hasattr(found, "__get__") or (name != "names" and isinstance(found, property | cached_property))


def kind_of(of: type) -> str:
    """The name of a class: `room.Class` for the room around its module that offers it, so that files can be moved and split inside a room;
    else `module.Class`. A room is a package right under the top one or, if none of these offers the class, the next one inside; the top
    one itself comes last. The name is the same where the module was imported, started with `python -m`, or loaded again by a worker
    process. A class that a script or a notebook's cell defines is named by a hash of its text, since others may define another of its name.

    Raises:
        TypeError: if the class is not at the top level of a file, so that two can have one name.
    """
    if "<locals>" in of.__qualname__:
        raise _refused(of, f"it is defined inside a function, where two classes can have one name. {TOP}")
    module = _script(of) if of.__module__ in STARTED else of.__module__
    parts = module.split(".")
    rooms = (".".join(parts[:n]) for n in (*range(2, len(parts) + 1), 1))
    return f"{next((room for room in rooms if _offered(room, of, module)), module)}.{of.__qualname__}"


def _offered(room: str, of: type, module: str) -> bool:
    """True if a module is a package, and offers the class of this module."""
    package = sys.modules.get(room)
    offered = getattr(package, of.__qualname__, None) if hasattr(package, "__path__") else None
    return isinstance(offered, type) and (offered.__module__, offered.__qualname__) == (module, of.__qualname__)


def _script(of: type) -> str:
    """The name of the module that Python was started with."""
    module = sys.modules.get(of.__module__)
    spec, file = getattr(module, "__spec__", None), getattr(module, "__file__", None)
    try:
        found = attrgetter(of.__qualname__)(module) is of
    except AttributeError:
        found = False
    if found and spec is not None and spec.name not in STARTED:
        return str(spec.name)
    text = None if not found else Path(file).read_bytes() if file else _typed(of)
    if text is None:
        raise _refused(of, f"no file of this process defines it at its top level, so other processes would not find it. {TOP}")
    return f"{STARTED[0]}.{hashlib.sha256(text).hexdigest()[:12]}"


def _typed(of: type) -> bytes | None:
    """The cell of a notebook that defines a class, as it was typed; None for a class without a method, or typed elsewhere."""
    own = (v for n, v in vars(of).items() if getattr(v, "__qualname__", "") == f"{of.__qualname__}.{n}" and hasattr(v, "__code__"))
    lines = next((lines for method in own if (lines := getlines(method.__code__.co_filename))), None)
    if not lines:
        return None
    text = "".join(lines).strip()
    if strange := sorted(_elsewhere(text, sys.modules[of.__module__])):
        advice = "put them into the same cell, import them there, or make them fields"
        raise _refused(of, f"its cell uses {', '.join(strange)} of other cells, and a change there would go unnoticed: {advice}")
    return text.encode()


def _elsewhere(text: str, notebook: object) -> set[str]:
    """The names of other cells that the classes and functions of a cell use, but for what is imported."""
    cell = symtable(text, "cell", "exec")
    defined = {symbol.get_name() for symbol in cell.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    tables = [table for table in cell.get_children() if table.get_name() in defined]
    used: set[str] = set()
    while tables:
        table = tables.pop()
        used |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global()}
        tables += table.get_children()
    there = {name: vars(notebook)[name] for name in used - defined if name in vars(notebook)}
    return {name for name, value in there.items() if not _imported(name, value, notebook)}


def _imported(name: str, value: object, notebook: object) -> bool:
    """A module; or a class, a function or a type that a module has under this name. Plain values are equal to too many others."""
    if isinstance(value, ModuleType):
        return True
    return not isinstance(value, PLAIN) and any(getattr(m, name, None) is value for m in list(sys.modules.values()) if m is not notebook)


def _refused(of: type, reason: str) -> TypeError:
    return TypeError(f"{of.__qualname__} cannot be part of an experiment: {reason}")
