"""Values as text: what of them makes two expressions one. Everything that a value consists of enters, whatever its own equality says."""

import json
from collections.abc import Mapping
from dataclasses import MISSING as REQUIRED
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from typing import ClassVar, Generic, NamedTuple, TypeVar

from synthtasks.primitives import Primitive
from train.stages.kinds import KINDS, default, kind, parts

Held = TypeVar("Held", covariant=True)
REMEMBERED = 4_096  # values whose forms are remembered: the families of an exam are those of a thousand others


class Forms(NamedTuple):
    """A value as the text of JSON, the same in every process."""

    changed: str  # without what is at its default
    whole: str  # with all of it


class Hashed:
    """What stands in the form of another by the hashes of its own."""

    VERSION: ClassVar[int]

    @property
    def hashes(self) -> Forms:
        raise NotImplementedError


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
    if isinstance(value, Hashed):
        return Forms(*(json.dumps({"hash": h, "is": of.__name__}) for h in value.hashes))
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
    return form_of_parts(of.value, modulus)


def form_of_parts(value: object, modulus: int | None) -> Forms:
    """The forms of a dataclass, each of its parts by name.

    Raises:
        TypeError: as `forms` does.
    """
    modulus, of = getattr(value, "modulus", modulus), type(value)
    usual = at_default(of, modulus)
    changed = {"is": json.dumps(kind(of).name)}
    if isinstance(value, Hashed):
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
