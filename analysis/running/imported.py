"""The names of expressions, looked up in packages: how a record is read in a process that knows nothing of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, is_dataclass
from importlib import import_module
from types import FunctionType

from synthtasks.domains import Residues, Texts
from synthtasks.primitives import Primitive
from train.stages.kinds import STARTED, kind
from train.stages.record import Said, Unreadable, decode, primitives
from train.stages.stage import Stage, name

PACKAGES = (  # and modules, whose parts of experiments files may name without being asked
    "synthtasks.corpora",
    "synthtasks.domains",
    "synthtasks.families",
    "synthtasks.primitives",
    "synthtasks.surfaces",
    "synthtasks.vocab",
    "models.config",
    "train.losses.imitate",
    "train.learn",
    "train.optim",
    "train.policy",
    "train.losses.practice",
    "train.rl",
    "train.sample",
    "train.score",
    "analysis.measures.edge",
)


@dataclass(frozen=True)
class Imported:
    """The frozen dataclasses at the top level of these packages and modules, and what primitives there apply; nothing else is called."""

    packages: tuple[str, ...] = PACKAGES

    def kind(self, said: str) -> type:
        found = self._find(said)
        if not isinstance(found, type) or not is_dataclass(found):
            raise Unreadable(f"{said} is no frozen dataclass")
        try:
            called = kind(found).name
        except TypeError as reason:
            raise Unreadable(f"{said} is no frozen dataclass of fields: {reason}") from None
        if called != said:
            raise Unreadable(f"{said} is called {called} now")
        return found

    def primitive(self, said: Said) -> Primitive:
        called, symbol, _ = said.known
        found = self._find(said.function)
        if not isinstance(found, FunctionType) or f"{found.__module__}.{found.__qualname__}" != said.function:
            raise Unreadable(f"the primitive {called} needs a function at the top level of a module; found {said.function}")
        offered = _primitives(vars(import_module(found.__module__)).values())
        if not any(p.apply is found and (p.arity, p.domain) == (said.arity, said.domain) for p in offered):
            raise Unreadable(f"no primitive at the top level of {found.__module__} applies {found.__qualname__} to {said.arity} operands")
        if not isinstance(said.domain, Residues | Texts):
            raise Unreadable(f"the primitive {called} has a domain that is not among those of `synthtasks.domains`: {said.domain}")
        return Primitive(called, symbol, found, said.arity, said.domain)

    def _find(self, said: str) -> object:
        module, _, attribute = said.rpartition(".")
        package = module.split(".")[0]
        if package in STARTED:
            raise Unreadable(f"it names {attribute}, which a script defines. Define it in a module, and import that into the script")
        known = any(module == p or module.startswith(f"{p}.") for p in self.packages)
        if not known or not all(part.isidentifier() for part in said.split(".")):
            raise Unreadable(
                f"it names {said}, which is no part of an experiment that is known here. If you trust that code, and it can be imported "
                f"from where you are, allow it: --allow {package or said}"
            )
        try:
            return getattr(import_module(module), attribute)
        except (ImportError, AttributeError) as reason:
            raise Unreadable(f"it names {said}, which is not there ({reason}); it was made by another version of the code") from None


def _primitives(values: Iterable[object]) -> Iterator[Primitive]:
    """The primitives among values of a module, in tuples among these, and among what its dataclasses have by default."""
    for value in values:
        if isinstance(value, Primitive):
            yield value
        elif isinstance(value, tuple):
            yield from _primitives(value)
        elif isinstance(value, type) and is_dataclass(value):
            yield from _primitives(v for v in vars(value).values() if not isinstance(v, type))


def imported(record: object, called: str, packages: tuple[str, ...]) -> Stage:
    """The stage of a record whose folder is called `called`.

    Raises:
        Unreadable: if the record cannot be made, or comes to be another stage: then defaults, primitives or versions changed.
    """
    stage = decode(record, Imported(packages))
    try:
        found, known = name(stage), primitives(stage)
    except Exception as reason:  # values of the wrong type, in places where a constructor does not mind
        raise Unreadable(f"what it says has no identity: {type(reason).__name__}: {reason}") from reason
    if found != called:
        raise Unreadable(f"it comes to be {found}, and not {called}: a default or a primitive changed since, or the folder was renamed")
    if missing := sorted(_tables(record) - known):
        raise Unreadable(f"the primitive {missing[0][0]} has another truth table now")
    return stage


def _tables(record: object) -> set[tuple[str, str, str]]:
    """The primitives that a record speaks of."""
    match record:
        case {"primitive": str(called), "symbol": str(symbol), "table": str(table)}:
            return {(called, symbol, table)}
        case dict():
            return set().union(*(_tables(v) for v in record.values()))
        case list():
            return set().union(*(_tables(v) for v in record))
    return set()
