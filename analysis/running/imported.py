"""Stages from their JSON: the inverse of `encode`. Names are looked up in the project's packages alone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from importlib import import_module

from synthtasks.primitives import Primitive
from train.stages.record import STARTED, kind
from train.stages.stage import SCHEMA, Stage, name, unlike

LIBRARY = "synthtasks"  # functions of primitives are looked up in all of it
TAKEN = ("models", "train", "train.decoding", "train.learn", "train.rl", "train.losses", "train.hub", "train.steering")
OF_TASKS = ("corpora", "critiques", "families", "formats", "knowledge", "search", "surfaces", "thoughts")
ROOMS = (LIBRARY, *(f"{LIBRARY}.{room}" for room in OF_TASKS), *TAKEN)
MEASURES = ("analysis.measures", *(f"analysis.measures.{room}" for room in ("behaviour", "effects", "thoughts")))
ROOMS += MEASURES  # a file may name what these packages export, without `--allow`


class Unreadable(ValueError):
    """The record is no expression that this version can make."""


def imported(record: object, called: str, allow: tuple[str, ...] = ()) -> Stage:
    """The stage of a record whose folder is called `called`. Its classes are looked up in `ROOMS`, and in and under the allowed modules.

    Raises:
        Unreadable: if the record cannot be made, or gives another stage: then defaults, primitives or versions changed.
    """
    stage = decode(record, allow)
    try:
        found, unlikeness = name(stage), next(unlike(record, stage), None)
    except Exception as reason:  # values of the wrong type, in places where a constructor does not mind
        raise Unreadable(f"what it says has no identity: {type(reason).__name__}: {reason}") from reason
    if found != called:
        raise Unreadable(f"it comes to be {found}, and not {called}: a default or a primitive changed since, or the folder was renamed")
    if unlikeness:
        raise Unreadable(f"it means something else now: {unlikeness}")
    return stage


def decode(record: object, allow: tuple[str, ...] = ()) -> Stage:
    """The stage of a record. A field that is missing, because it was added since, has its default.

    Raises:
        Unreadable: if the record is malformed, or has names or values from which nothing can be made.
    """
    match record:
        case {"schema": int(schema)} if schema != SCHEMA:
            raise Unreadable(f"it has schema {schema}; this version reads {SCHEMA}: use the version that made it")
        case {"schema": int(), "stages": [*entries]} if entries:
            reader = _Reader(allow)
            return [reader.stage(entry) for entry in entries][-1]
    raise Unreadable("it is no expression: expected a schema and a list of stages, which folders of earlier versions do not have")


@dataclass(frozen=True)
class _Reader:
    """Makes the frozen dataclasses of the allowed modules, and primitives that these define; calls nothing else."""

    allow: tuple[str, ...]
    made: dict[str, Stage] = field(default_factory=dict)  # by name

    def stage(self, entry: object) -> Stage:
        match entry:
            case {"name": str(called), "is": str(), "fields": dict()} if isinstance(made := self.value(entry), Stage):
                self.made[called] = made
                return made
        raise Unreadable(f"{str(entry)[:80]} is no stage with a name, a kind and fields")

    def value(self, record: object) -> object:
        match record:
            case None | bool() | int() | float() | str():
                return record
            case list():
                return tuple(self.value(v) for v in record)
            case {"stage": str(called)}:
                if called not in self.made:
                    raise Unreadable(f"{called} is used before it is defined")
                return self.made[called]
            case {"is": str(), "canonical": {"name": str(called), "symbol": str(symbol)}, "origin": {"arity": int(arity), **origin}}:
                return self.primitive(called, symbol, arity, self.value(origin.get("domain")), str(origin.get("function")))
            case {"is": str(of), "fields": dict(values)}:
                return self.instance(self.kind(of), of, values)
        raise Unreadable(f"{str(record)[:80]} is no part of an expression")

    def instance(self, of: type, called: str, values: Mapping[str, object]) -> object:
        init = {f.name: f.init for f in fields(of)}
        if unknown := sorted(values.keys() - init):
            raise Unreadable(f"{called} has no field {', '.join(unknown)} any more; it has {', '.join(init)}")
        given = {name: self.value(value) for name, value in values.items() if init[name]}
        try:
            made: object = of(**given)
        except Exception as reason:  # a constructor may raise anything on values that it was not written for
            raise Unreadable(f"{called} refuses its fields: {type(reason).__name__}: {reason}") from reason
        return made

    def kind(self, called: str) -> type:
        found = self.found(called, ROOMS, self.allow)
        try:
            if not isinstance(found, type) or not is_dataclass(found):
                raise TypeError("it is something else")
            now = kind(found).name
        except TypeError as reason:
            raise Unreadable(f"{called} is no frozen dataclass of fields: {reason}") from None
        if now != called:
            raise Unreadable(f"{called} is called {now} now")
        return found

    def primitive(self, called: str, symbol: str, arity: int, domain: object, function: str) -> Primitive:
        module, found = function.rpartition(".")[0], self.found(function, (), (LIBRARY, *self.allow))
        for offered in _primitives(vars(import_module(module)).values()):
            if offered.apply is found and (offered.arity, offered.domain) == (arity, domain):
                return replace(offered, name=called, symbol=symbol)
        raise Unreadable(f"no primitive at the top level of {module} applies {function} to {arity} operands of {domain}")

    def found(self, called: str, rooms: tuple[str, ...], under: tuple[str, ...]) -> object:
        """The attribute of that name, of a module among `rooms`, or in or under one of `under`."""
        module, _, attribute = called.rpartition(".")
        package = module.split(".")[0]
        if package in STARTED:
            raise Unreadable(f"it names {attribute}, which a script defines. Define it in a module, and import that into the script")
        known = module in rooms or any(module == p or module.startswith(f"{p}.") for p in under)
        if not known or not all(part.isidentifier() for part in called.split(".")):
            trust = f"If you trust that code, and it can be imported from where you are, allow it: --allow {package or called}"
            raise Unreadable(f"it names {called}, which is no part of an experiment that is known here. {trust}")
        try:
            return getattr(import_module(module), attribute)
        except (ImportError, AttributeError) as reason:
            raise Unreadable(f"it names {called}, which is not there ({reason}); it was made by another version of the code") from None


def _primitives(values: Iterable[object]) -> Iterator[Primitive]:
    """The primitives among the values of a module, in its tuples, and among the defaults of its dataclasses."""
    for value in values:
        if isinstance(value, Primitive):
            yield value
        elif isinstance(value, tuple):
            yield from _primitives(value)
        elif isinstance(value, type) and is_dataclass(value):
            yield from _primitives(v for v in vars(value).values() if not isinstance(v, type))
