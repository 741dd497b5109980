"""Configuration checked at construction: annotations of fields state the allowed values, and `check` enforces them.

>>> from typing import Annotated, Literal
>>> @dataclass(frozen=True)
... class Walk:
...     steps: Annotated[int, From(1)] = 4
...     order: Literal["forward", "backward"] = "forward"
...
...     def __post_init__(self) -> None:
...         check(self)
>>> Walk(order="sideways")
Traceback (most recent call last):
ValueError: Walk.order is one of 'forward', 'backward'; found 'sideways'
>>> Walk(steps=4.5)
Traceback (most recent call last):
ValueError: Walk.steps is an int; found 4.5
>>> Walk(steps=0)
Traceback (most recent call last):
ValueError: Walk.steps is at least 1; found 0
"""

import math
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class From:
    """Numbers from `low` to `high`, both included."""

    low: float
    high: float = math.inf

    def __contains__(self, number: float) -> bool:
        return self.low <= number <= self.high

    def __str__(self) -> str:
        return f"at least {self.low}" if self.high == math.inf else f"from {self.low} to {self.high}"


@dataclass(frozen=True)
class Above(From):
    """Numbers above `low`, up to `high`, which is included."""

    def __contains__(self, number: float) -> bool:
        return self.low < number <= self.high

    def __str__(self) -> str:
        return f"above {self.low}" if self.high == math.inf else f"above {self.low} and at most {self.high}"


Wrong = str | None  # the expected kind of value; None where the value is right


def check(value: object) -> None:
    """Check that every field of a dataclass has a value of its annotation. Call it in `__post_init__`.

    It checks `Literal` choices, `bool`, `int` (no bool, no float), finite `float`, `str`, ranges (`Annotated[int, From(1)]`), tuples of
    these, unions, and instances of plain classes. It leaves protocols, callables and type variables to the type checker.

    Raises:
        ValueError: naming the field, what was expected, and what was found.
    """
    for name, wrong in _fields(type(value)):  # type: ignore[arg-type]  # a class is hashable
        found = getattr(value, name)
        if (expected := wrong(found)) is not None:
            raise ValueError(f"{type(value).__name__}.{name} is {expected}; found {found!r}")


class Checked:
    """A dataclass whose fields are checked (see `check`) when it is made. One that checks more defines `__post_init__` itself."""

    def __post_init__(self) -> None:
        check(self)


def one_of(what: str, found: object, choices: Iterable[object]) -> None:
    """Check that an argument is one of a few values.

    Raises:
        ValueError: naming the argument, the choices, and what was found.
    """
    if (expected := _one_of(tuple(choices), found)) is not None:
        raise ValueError(f"{what} is {expected}; found {found!r}")


@cache
def _fields(of: type) -> tuple[tuple[str, Callable[[object], Wrong]], ...]:
    hints = get_type_hints(of, include_extras=True)
    return tuple((f.name, test) for f in fields(of) if (test := _test(hints[f.name])) is not None)


def _test(hint: Any) -> Callable[[object], Wrong] | None:
    """The test of a type; None if it has none."""
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _all([_test(inside[0]), *(_in(r) for r in inside[1:] if isinstance(r, From))])
    if origin is Literal:
        return lambda x: _one_of(inside, x)
    if origin in (Union, types.UnionType):
        return _either([_test(each) for each in inside])
    if origin is tuple:
        return _tuple_of(inside)
    if hint in (int, float, bool, str):
        return _PLAIN[hint]
    if hint is None or hint is type(None):
        return lambda x: None if x is None else "None"
    if isinstance(hint, type) and hint is not object and not getattr(hint, "_is_protocol", False):
        return lambda x: None if isinstance(x, hint) else f"a {hint.__name__}"
    return None


def _one_of(choices: tuple[object, ...], x: object) -> Wrong:
    known = any(type(x) is type(c) and x == c for c in choices)
    return None if known else f"one of {', '.join(map(repr, choices))}"


def _in(numbers: From) -> Callable[[object], Wrong]:
    return lambda x: None if x in numbers else str(numbers)  # type: ignore[operator]  # tested to be a number before


def _all(tests: list[Callable[[object], Wrong] | None]) -> Callable[[object], Wrong]:
    return lambda x: next((expected for test in tests if test and (expected := test(x)) is not None), None)


def _either(tests: list[Callable[[object], Wrong] | None]) -> Callable[[object], Wrong] | None:
    known = [test for test in tests if test is not None]
    if len(known) < len(tests):
        return None

    def test(x: object) -> Wrong:
        expected = [test(x) for test in known]
        return None if None in expected else " or ".join(str(e) for e in expected)

    return test


def _tuple_of(inside: tuple[Any, ...]) -> Callable[[object], Wrong]:
    many = len(inside) == 2 and inside[1] is Ellipsis
    tests = [_test(each) for each in inside if each is not Ellipsis]

    def test(x: object) -> Wrong:
        if not isinstance(x, tuple):
            return "a tuple"
        if not many and len(x) != len(tests):
            return f"a tuple of {len(tests)}"
        for part, one in zip(x, tests * len(x) if many else tests, strict=True):
            if one and (expected := one(part)) is not None:
                return f"a tuple in which each is {expected}" if many else f"a tuple with {expected} where {part!r} is"
        return None

    return test


_PLAIN: dict[type, Callable[[object], Wrong]] = {
    int: lambda x: None if type(x) is int else "an int",
    float: lambda x: None if type(x) in (int, float) and math.isfinite(x) else "a finite number",  # type: ignore[arg-type]
    bool: lambda x: None if type(x) is bool else "True or False",
    str: lambda x: None if isinstance(x, str) else "a str",
}
