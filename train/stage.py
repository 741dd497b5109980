"""Experiments as expressions. A stage is a frozen dataclass; the stages it builds on are its fields.

    Score(policy=Learn(policy=Fresh(config, vocab), losses=((1.0, Imitate(corpus)),), ...), families=...)

Evaluating an expression means: evaluate the stages inside it, then run it, once. What it makes lies in a folder named
by a hash of the whole expression, so equal expressions, in one grid or in twenty, share one run.
"""

import hashlib
import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING as REQUIRED
from dataclasses import Field, dataclass, fields, is_dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from synthtasks.primitives import Primitive

if TYPE_CHECKING:
    from train.store import Store

STARTED = ("__main__", "__mp_main__")  # the module that Python was started with, and the same one in a process that it spawned


class Undefined(Exception):
    """A stage has no answer (a band of an edge that has no such region). A result, which propagates downstream."""


class Interrupted(Exception):
    """A stage was asked to stop, and did so at a checkpoint. Not its failure: whoever runs it next goes on from there."""


@dataclass(frozen=True, eq=False, repr=False)
class Stage(ABC):
    """Something that makes files. Two stages are equal if their expressions are; subclasses take the same three options."""

    VERSION: ClassVar[int] = 1  # raise it when `run` comes to mean something else
    writes: ClassVar[tuple[str, ...]] = ()  # the files of a result, if it is known: all else is foreign; () if it is all but what looks so

    @abstractmethod
    def run(self, out: Path, store: "Store") -> None:
        """Write this stage's results into the folder `out`. Upstream results: `store.get(self.policy)`.

        `out` may hold what an earlier attempt, killed, left there: overwrite it, or continue from it.

        Raises:
            Undefined: if the question that this stage asks has no answer; that is recorded as its result.
        """

    @cached_property
    def identity(self) -> str:
        """A hash of the expression. A field at its default does not enter: a new knob whose default keeps the old
        behaviour leaves every old result in place."""
        _ = self.meaning  # refuses what has no identity, before anything is compared with its default
        return _hash(_fields_of(self, None, CHANGED))

    @cached_property
    def meaning(self) -> str:
        """A hash of the expression with every default, truth table and stage inside it."""
        return _hash(_fields_of(self, None, WHOLE))

    @cached_property
    def upstream(self) -> tuple["Stage", ...]:
        """The stages directly inside this one, however deep in tuples and plain dataclasses."""
        return tuple(stage for field in fields(self) for stage in _inside(getattr(self, field.name)))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Stage) and self.meaning == other.meaning

    def __hash__(self) -> int:
        return hash(self.identity)

    def __repr__(self) -> str:
        return name(self)


def _hash(form: str) -> str:
    return hashlib.sha256(form.encode()).hexdigest()[:12]


def _every(value: object) -> tuple[Field[object], ...]:
    return fields(value)  # type: ignore[arg-type]


def _changed(value: object) -> tuple[Field[object], ...]:
    """The fields that are not at their default."""
    return tuple(f for f in _every(value) if getattr(value, f.name) != default(f))


def default(field: Field[object]) -> object:
    """What a field is where nothing was said; MISSING if that is refused."""
    return field.default if field.default_factory is REQUIRED else field.default_factory()


def kind_of(of: type) -> str:
    """The name of a class. One that a subpackage offers is called by that: in which of its files it is written does not matter. Nor does it
    whether its module was imported, started with `python -m`, or started and then loaded again by a worker process."""
    module = of.__module__
    if module in STARTED:
        spec = getattr(sys.modules.get(module), "__spec__", None)
        module = spec.name if spec else STARTED[0]
    package = module.rpartition(".")[0]
    offered = "." in package and getattr(sys.modules.get(package), of.__qualname__, None) is of
    return f"{package if offered else module}.{of.__qualname__}"


@dataclass(frozen=True)
class View:
    """Which fields of a dataclass a form shows, and by what it names a stage."""

    chosen: Callable[[object], Iterable[Field[object]]]
    inner: Callable[[Stage], str]


CHANGED = View(_changed, lambda stage: stage.identity)
WHOLE = View(_every, lambda stage: stage.meaning)


def _form(value: object, modulus: int | None, view: View) -> str:
    """`value` as the text of JSON, the same in every process: the chosen fields of each dataclass, and stages inside it by hash.

    Raises:
        TypeError: for a value with no stable identity (a function, a tensor, a set, ...).
    """
    match value:
        case int() | float() if value % 1 == 0:
            return str(int(value))  # 1, 1.0 and True are equal, so they are one
        case None | float() | str():
            return json.dumps(value)
        case tuple():
            return f"[{', '.join([_form(v, modulus, view) for v in value])}]"
        case Stage():
            return json.dumps({"hash": view.inner(value), "is": type(value).__name__})
        case Primitive() if modulus is not None:
            return json.dumps({"is": "primitive", "name": value.name, "symbol": value.symbol, "table": value.digest(modulus)})
        case _ if is_dataclass(value) and not isinstance(value, type | Primitive):
            try:
                return _remembered(value, modulus, view)  # type: ignore[arg-type]
            except TypeError:  # what cannot be hashed has no identity either: which part it is, is said below
                return _fields_of(value, modulus, view)
    raise TypeError(
        f"{value!r} ({type(value).__name__}) cannot be part of an experiment: only None, bool, int, float, str, tuples and "
        "frozen dataclasses of these are the same in every process (and primitives, inside a family with a modulus)"
    )


def _fields_of(value: object, modulus: int | None, view: View) -> str:
    modulus = getattr(value, "modulus", modulus)
    forms = {"is": _form(kind_of(type(value)), None, view)}
    if isinstance(value, Stage):
        forms["version"] = _form(value.VERSION, None, view)
    forms |= {f.name: _form(getattr(value, f.name), modulus, view) for f in view.chosen(value)}
    return "{" + ", ".join([f'"{field}": {forms[field]}' for field in sorted(forms)]) + "}"


_remembered = lru_cache(maxsize=4_096)(_fields_of)  # of plain dataclasses: the families of an exam are those of a thousand others


def fingerprint(stage: Stage) -> str:
    """The identity of an expression."""
    return stage.identity


def name(stage: Stage) -> str:
    """The name of the stage's folder."""
    return f"{type(stage).__name__}-{fingerprint(stage)}"


def _inside(value: object) -> Iterator[Stage]:
    if isinstance(value, tuple):
        for part in value:
            yield from _inside(part)
    elif is_dataclass(value) and not isinstance(value, type | Primitive):
        if isinstance(value, Stage):
            yield value
        else:
            yield from (stage for field in fields(value) for stage in _inside(getattr(value, field.name)))


def closure(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """The distinct stages that `stages` consist of, each after those it builds on."""
    ordered: dict[Stage, None] = {}

    def visit(stage: Stage) -> None:
        if stage not in ordered:
            for part in stage.upstream:
                visit(part)
            ordered[stage] = None

    for stage in stages:
        visit(stage)
    return tuple(ordered)
