"""Experiments as expressions. A stage is a frozen dataclass; the stages it builds on are its fields.

    Score(policy=Learn(policy=Fresh(config, vocab), losses=((1.0, Imitate(corpus)),), ...), families=...)

Evaluating an expression means: evaluate the stages inside it, then run it, once. What it makes lies in a folder named
by a hash of the whole expression, so equal expressions, in one grid or in twenty, share one run.
"""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING as REQUIRED
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, NamedTuple, TypeVar

from synthtasks.primitives import Primitive
from train.inside import Place, filled, inside, swapped
from train.kinds import KINDS, default, kind, parts

if TYPE_CHECKING:
    from train.store import Store

Held = TypeVar("Held", covariant=True)
REMEMBERED = 4_096  # values whose forms are remembered: the families of an exam are those of a thousand others


class Undefined(Exception):
    """A stage has no answer (a band of an edge that has no such region). A result, which propagates downstream."""


class Interrupted(Exception):
    """A stage was asked to stop, and did so at a checkpoint. Not its failure: whoever runs it next goes on from there."""


class Forms(NamedTuple):
    """A value as the text of JSON, the same in every process."""

    changed: str  # without what is at its default
    whole: str  # with all of it


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

    @property
    def identity(self) -> str:
        """A hash of the expression. A field at its default does not enter: a new knob whose default keeps the old
        behaviour leaves every old result in place.

        Raises:
            TypeError: if a part of the expression has no stable identity.
        """
        return self._hashes.changed

    @property
    def meaning(self) -> str:
        """A hash of the expression with every default, truth table and stage inside it."""
        return self._hashes.whole

    @cached_property
    def _hashes(self) -> Forms:
        for part in _objects(self.upstream, lambda s: "_hashes" in vars(s)):  # those first, so that a long chain is no deep recursion
            _ = part._hashes
        return Forms(*(hashlib.sha256(form.encode()).hexdigest()[:12] for form in _of_parts(self, None)))

    @cached_property
    def upstream(self) -> tuple["Stage", ...]:
        """The stages directly inside this one, however deep in tuples and plain dataclasses."""
        return tuple(inside([getattr(self, field.name) for field in fields(self)], Stage))  # type: ignore[type-abstract]

    def __eq__(self, other: object) -> bool:
        return self is other or (type(self) is type(other) and isinstance(other, Stage) and self.meaning == other.meaning)

    def __hash__(self) -> int:
        return hash(self.identity)

    def __repr__(self) -> str:
        return name(self)

    def __reduce__(self) -> tuple[object, ...]:
        """Every stage inside once, after those it builds on: a long chain is no deep pickle."""
        stages = _objects((self,))
        places = {id(stage): Place(i) for i, stage in enumerate(stages)}

        def said(value: object) -> object:
            return swapped(value, Stage, lambda part: places[id(part)])  # type: ignore[type-abstract]

        return _again, (tuple((type(s), {f.name: said(getattr(s, f.name)) for f in fields(s)}) for s in stages),)


def forms(value: object, modulus: int | None) -> Forms:
    """The forms of a part of an expression, in a family of this modulus. Types are taken exactly: what is derived from `int` or `tuple`
    (an enum, a NamedTuple, a number of numpy's) is more than the number or the tuple.

    Raises:
        TypeError: for a value with no stable identity (a function, a tensor, a set, ...).
    """
    of = type(value)
    if of in (bool, int, float) and value % 1 == 0:  # type: ignore[operator]
        text = str(int(value))  # type: ignore[call-overload]  # 1, 1.0 and True are equal, so they are one
        return Forms(text, text)
    if value is None or of is float or of is str:
        text = json.dumps(value)
        return Forms(text, text)
    if of is tuple:
        inner = [forms(v, modulus) for v in value]  # type: ignore[attr-defined]
        return Forms(f"[{', '.join([f.changed for f in inner])}]", f"[{', '.join([f.whole for f in inner])}]")
    if isinstance(value, Stage):
        return Forms(*(json.dumps({"hash": h, "is": of.__name__}) for h in value._hashes))
    if isinstance(value, Primitive) and modulus is not None:
        text = json.dumps({"is": "primitive", "name": value.name, "symbol": value.symbol, "table": value.digest(modulus)})
        return Forms(text, text)
    if is_dataclass(value) and not isinstance(value, type | Primitive):
        return _remembered(_Object(value), modulus)
    raise TypeError(
        f"{value!r} ({of.__name__}) cannot be part of an experiment: only None, bool, int, float, str, tuples and "
        "frozen dataclasses of these are the same in every process (and primitives, inside a family with a modulus)"
    )


@dataclass(frozen=True, eq=False)
class Exact(Generic[Held]):
    """A value that is another's equal where their forms are, whatever their own equality passes over: by this one can remember."""

    value: Held

    def __hash__(self) -> int:
        return hash(forms(self.value, None))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Exact) and forms(self.value, None) == forms(other.value, None)


@dataclass(frozen=True, eq=False)
class _Object:
    """A value that is no other's equal: what equality passes over can matter to an experiment."""

    value: object

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Object) and self.value is other.value


@lru_cache(maxsize=REMEMBERED)
def _remembered(of: _Object, modulus: int | None) -> Forms:
    return _of_parts(of.value, modulus)


def _of_parts(value: object, modulus: int | None) -> Forms:
    modulus, of = getattr(value, "modulus", modulus), type(value)
    usual = at_default(of, modulus)
    changed = {"is": json.dumps(kind(of).name)}
    if isinstance(value, Stage):
        if of.__eq__ is not Stage.__eq__ or of.__hash__ is not Stage.__hash__:
            raise TypeError(
                f"{of.__qualname__} is a stage, and equal where its expression is: @dataclass(frozen=True, eq=False, repr=False)"
            )
        changed["version"] = str(value.VERSION)
    whole = dict(changed)
    for field, part in parts(value):
        form = forms(part, modulus)
        key = field if field not in ("is", "version") or field not in changed else f"field {field}"
        whole[key] = form.whole
        if usual.get(field) != form.whole:
            changed[key] = form.changed
    return Forms(_object(changed), _object(whole))


def _object(of: Mapping[str, str]) -> str:
    return "{" + ", ".join([f'"{field}": {of[field]}' for field in sorted(of)]) + "}"


def at_default(of: type, modulus: int | None) -> Mapping[str, str]:
    """The whole forms of the defaults of a dataclass, by field. One that has no form is no value's."""
    return _at_default(of, modulus)


@lru_cache(maxsize=KINDS)
def _at_default(of: type, modulus: int | None) -> Mapping[str, str]:
    found = {}
    for field in fields(of):
        usual = default(field)
        if usual is not REQUIRED:
            try:
                found[field.name] = forms(usual, modulus).whole
            except TypeError:
                continue
    return found


def fingerprint(stage: Stage) -> str:
    """The identity of an expression."""
    return stage.identity


def name(stage: Stage) -> str:
    """The name of the stage's folder."""
    return f"{type(stage).__name__}-{fingerprint(stage)}"


def closure(stages: Iterable[Stage], there: Callable[[Stage], bool] = lambda stage: False) -> tuple[Stage, ...]:
    """The distinct stages that `stages` consist of, each after those it builds on; without those that are `there`, and what only they
    build on."""
    return tuple(dict.fromkeys(_objects(stages, there)))


def _objects(stages: Iterable[Stage], there: Callable[[Stage], bool] = lambda stage: False) -> list[Stage]:
    """The same, told apart as objects: by that one can go through an expression whose stages have no hash yet."""
    found, seen = list[Stage](), set[int]()
    path: list[tuple[Iterator[Stage], Stage | None]] = [(iter(stages), None)]  # where we are, from the outside in
    while path:
        rest, whole = path[-1]
        part = next((p for p in rest if id(p) not in seen), None)
        if part is not None:
            seen.add(id(part))
            if not there(part):
                path.append((iter(part.upstream), part))
        else:
            path.pop()
            if whole is not None:
                found.append(whole)
    return found


def _again(said: Iterable[tuple[type[Stage], Mapping[str, object]]]) -> Stage:
    """The last of the stages that a pickle says."""
    made = list[Stage]()
    for of, values in said:
        made.append(filled(of, {field: swapped(value, Place, lambda at: made[at.number]) for field, value in values.items()}))
    return made[-1]
