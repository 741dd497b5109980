"""Expressions as JSON, and back: what `stage.json` holds, from which a stage and all it stands on can be made again.

Every stage of the expression stands there once, after those it builds on. Numbers keep their type; a primitive is said by its
name, its truth table, and where its function is defined; beside the fields of a family lies what else it draws with. Reading makes
dataclasses that the reader knows, and nothing else.
"""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from itertools import repeat
from typing import Protocol

from synthtasks.primitives import Primitive
from train.stages.forms import at_default, forms
from train.stages.kinds import kind, parts
from train.stages.stage import Stage, closure, name

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
SCHEMA = 1
Known = tuple[str, str, str]  # a primitive's name and symbol, and the digest of its truth table at the modulus


class Unreadable(ValueError):
    """A record is no expression that this version can make."""


@dataclass(frozen=True)
class Said:
    """What a record says of a primitive."""

    known: Known
    arity: int
    domain: object
    function: str  # where it is defined, if at the top level of a module


class Names(Protocol):
    """Finds what a record names.

    Raises:
        Unreadable: if there is none.
    """

    def kind(self, said: str) -> type: ...
    def primitive(self, said: Said) -> Primitive: ...


def encode(stage: Stage) -> dict[str, Json]:
    """The whole expression, with every default; `decode` inverts it.

    Raises:
        TypeError: for a value with no stable identity.
    """
    stages: list[Json] = [{"name": name(s), "version": s.VERSION, **_record(s, None)} for s in closure((stage,))]
    return {"schema": SCHEMA, "stages": stages}


def _record(value: object, modulus: int | None) -> dict[str, Json]:
    modulus = getattr(value, "modulus", modulus)
    said, known = {part: _json(v, modulus) for part, v in parts(value)}, kind(type(value))
    drawn: dict[str, Json] = {"draws": {part: said[part] for part in known.drawn}} if known.drawn else {}
    return {"is": known.name, "fields": {field: said[field] for field in known.fields}, **drawn}


def _json(value: object, modulus: int | None) -> Json:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case tuple():
            return [_json(v, modulus) for v in value]
        case Stage():
            return {"stage": name(value)}
        case Primitive() if modulus is not None:
            function = getattr(value.apply, "__qualname__", None)
            return {
                "primitive": value.name,
                "symbol": value.symbol,
                "table": value.digest(modulus),
                "arity": value.arity,
                "domain": _record(value.domain, None) if is_dataclass(value.domain) else None,
                "function": function and f"{value.apply.__module__}.{function}",
            }
    return _record(value, modulus)  # a dataclass: `closure` refuses what has no identity


def _fields(of: type) -> tuple[str, ...]:
    return tuple(f.name for f in fields(of))


def decode(record: object, names: Names) -> Stage:
    """The expression of a record. A field that it lacks, because it was added since, is at its default.

    Raises:
        Unreadable: if the record is malformed, or says what cannot be made by those names.
    """
    match record:
        case {"schema": int(schema)} if schema != SCHEMA:
            raise Unreadable(f"it has schema {schema}; this version reads {SCHEMA}: use the version that made it")
        case {"schema": int(), "stages": [*entries]} if entries:
            reader = _Reader(names, {})
            return [reader.stage(entry) for entry in entries][-1]
    raise Unreadable("it is no expression: expected a schema and a list of stages, which folders of earlier versions do not have")


@dataclass(frozen=True)
class _Reader:
    names: Names
    made: dict[str, Stage]  # by name

    def stage(self, entry: object) -> Stage:
        match entry:
            case {"name": str(called), "version": int(version), "is": str(), "fields": dict()}:
                made = self.value(entry)
                if not isinstance(made, Stage):
                    raise Unreadable(f"{called} is no stage")
                if version != made.VERSION:
                    raise Unreadable(f"{called} is of version {version} of its kind, which has version {made.VERSION} now")
                self.made[called] = made
                return made
        raise Unreadable("a stage needs a name, a version, a kind and fields")

    def value(self, said: object) -> object:
        match said:
            case None | bool() | int() | float() | str():
                return said
            case list():
                return tuple(self.value(v) for v in said)
            case {"stage": str(called)}:
                if called not in self.made:
                    raise Unreadable(f"{called} is used before it is said")
                return self.made[called]
            case {"primitive": str(called), "symbol": str(symbol), "table": str(table), "arity": int(arity), **rest}:
                return self.names.primitive(Said((called, symbol, table), arity, self.value(rest.get("domain")), str(rest.get("function"))))
            case {"is": str(kind), "fields": dict(values)}:
                return self.instance(self.names.kind(kind), kind, values)
        raise Unreadable(f"{str(said)[:80]} is no part of an expression")

    def instance(self, of: type, kind: str, values: Mapping[str, object]) -> object:
        if unknown := sorted(set(values) - set(_fields(of))):
            raise Unreadable(f"{kind} has no field {', '.join(unknown)} any more; it has {', '.join(_fields(of))}")
        given = {f.name: self.value(values[f.name]) for f in fields(of) if f.name in values and f.init}
        try:
            made: object = of(**given)
        except Exception as reason:  # whatever a constructor makes of values that it was not written for
            raise Unreadable(f"{kind} refuses its fields: {type(reason).__name__}: {reason}") from reason
        return made


def primitives(stage: Stage) -> frozenset[Known]:
    """The primitives of an expression."""
    return frozenset(known for s in closure((stage,)) for _, part in parts(s) for known in _primitives(part, None))


def _primitives(value: object, modulus: int | None) -> Iterator[Known]:
    if isinstance(value, tuple):
        for part in value:
            yield from _primitives(part, modulus)
    elif isinstance(value, Primitive):
        if modulus is not None:
            yield value.name, value.symbol, value.digest(modulus)
    elif is_dataclass(value) and not isinstance(value, Stage):
        modulus = getattr(value, "modulus", modulus)
        for _, part in parts(value):
            yield from _primitives(part, modulus)


def same(record: object, stage: Stage) -> bool:
    """Whether a record says `stage`. Fields that were added since must be at their default; all others must be as recorded."""
    match record:
        case {"schema": int(schema), "stages": [*entries]} if schema == SCHEMA:
            said = {str(entry.get("name")): entry for entry in entries if isinstance(entry, dict)}
            stages = {name(s): s for s in closure((stage,))}
            return name(stage) in said and all(_says(said[n], s, None, said) for n, s in stages.items() if n in said)
    return False


def _says(entry: object, value: object, modulus: int | None, stages: Container[str]) -> bool:
    """Whether the record of a dataclass says it, given the names of the recorded stages."""
    modulus, known = getattr(value, "modulus", modulus), kind(type(value))
    match entry:
        case {"is": known.name, "fields": dict(recorded), **rest} if recorded.keys() <= set(known.fields):
            usual, drawn = at_default(type(value), modulus), rest.get("draws", {})
            said = recorded | drawn if isinstance(drawn, dict) else recorded
            return all(
                _is(said[n], part, modulus, stages) if n in said else n in known.fields and forms(part, modulus).whole == usual.get(n)
                for n, part in parts(value)
            )
    return False


def _is(said: object, value: object, modulus: int | None, stages: Container[str]) -> bool:
    match value:
        case None | bool() | int() | float() | str():
            return not isinstance(said, dict | list) and forms(said, None) == forms(value, None)
        case tuple():
            return isinstance(said, list) and len(said) == len(value) and all(map(_is, said, value, repeat(modulus), repeat(stages)))
        case Stage():
            return name(value) in stages and said == {"stage": name(value)}
        case Primitive() if modulus is not None:
            return isinstance(said, dict) and _known(said) == (value.name, value.symbol, value.digest(modulus))
    return _says(said, value, modulus, stages)


def _known(said: Mapping[str, object]) -> tuple[object, object, object]:
    return said.get("primitive"), said.get("symbol"), said.get("table")
