"""The options of a command, read from the fields of its dataclass, to say what is wrong with words that tyro refuses."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from itertools import takewhile
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints

import tyro

from synthtasks.console.mistakes import among, meant

NUMBERS: Mapping[object, str] = {int: "a whole number", float: "a number"}


@dataclass(frozen=True)
class Option:
    """An option of a command, or one of its words without a name, whose flag is then its name in capitals."""

    flag: str
    kind: object  # a type, without None
    needed: bool

    @property
    def named(self) -> bool:
        return self.flag.startswith("--")

    @property
    def choices(self) -> tuple[str, ...]:
        return tuple(map(str, get_args(self.kind))) if get_origin(self.kind) is Literal else ()

    @property
    def values(self) -> int:
        """The number of values that it takes at least."""
        if self.kind is bool:
            return 0
        return 1 if get_origin(self.kind) is not tuple or Ellipsis in get_args(self.kind) else len(get_args(self.kind))

    @property
    def expects(self) -> str:
        """Its choices, or the kind of its number; empty, where it takes any text."""
        if self.choices:
            return f", one of {', '.join(self.choices)}"
        return f", {NUMBERS[self.kind]}" if self.kind in NUMBERS else ""

    def refuses(self, value: str) -> str:
        """The reason for which it cannot take a value; empty, if it can."""
        if self.choices and value not in self.choices:
            near = meant(value, self.choices).capitalize()
            return f"{self.flag} takes one of {', '.join(self.choices)}; found {value!r}. {near}".rstrip()
        if self.kind in NUMBERS:
            try:
                int(value) if self.kind is int else float(value)
            except ValueError:
                return f"{self.flag} takes {NUMBERS[self.kind]}; found {value!r}"
        return ""


def options(command: object) -> Iterator[Option]:
    """The options of a command, a dataclass or one that is made, and of the dataclasses in it."""
    of = command if isinstance(command, type) else type(command)
    hints = get_type_hints(of, include_extras=True)
    for field in fields(of):
        value = field.default if command is of else getattr(command, field.name)
        if is_dataclass(value):
            yield from options(value)
            continue
        kind, word = hints[field.name], False
        while get_origin(kind) is Annotated:
            kind, *marks = get_args(kind)
            word |= tyro.conf.Positional in marks
        if get_origin(kind) in (Union, UnionType):
            (kind, *_) = (part for part in get_args(kind) if part is not NoneType)
        flag = field.name.upper() if word else f"--{field.name.replace('_', '-')}"
        yield Option(flag, kind, value is MISSING or value is tyro.MISSING)


def mistake(verb: str, of: Sequence[Option], words: Sequence[str]) -> str:
    """The first mistake in the words after a verb; empty, if none is known."""
    named = {option.flag: option for option in of if option.named}
    unnamed = [option for option in of if not option.named]
    leading = list(takewhile(lambda word: not word.startswith("-"), words))
    for option, word in zip(unnamed, leading, strict=False):
        if reason := option.refuses(word):
            return reason
    given = set()
    for i, word in enumerate(words):
        if not word.startswith("--"):
            continue
        flag, equals, value = word.partition("=")
        flag = flag.replace("_", "-")
        if flag not in named:
            return f"{verb} has no option {flag}; {among(flag, named)}" if named else f"{verb} has no options; found {flag}"
        option, values = named[flag], [value] if equals else list(takewhile(lambda word: not word.startswith("--"), words[i + 1 :]))
        if option.kind is bool and equals:
            return f"{flag} takes no value; found {value!r}"
        if len(values) < option.values:
            needs = "a value" if option.values == 1 else f"{option.values} values"
            return f"{flag} needs {needs}{option.expects}; found {len(values) or 'none'}"
        if option.values == 1 and (reason := option.refuses(values[0])):
            return reason
        given.add(flag)
    missing = [option.flag for option in of if option.needed and option.flag not in given]
    if missing := [flag for flag in missing if flag in named or not leading]:
        return f"{verb} needs {' and '.join(missing)}"
    return ""
