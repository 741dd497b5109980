"""Completion for shells: a script that knows commands, the names that come after them, options and choices."""

from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import field, make_dataclass
from io import StringIO
from typing import Annotated, Literal, TypeVar, Union

import tyro

from synthtasks.commands.line.parsing import LOOKS

Shell = Literal["bash", "zsh", "fish"]
C = TypeVar("C")


def completion(script: str, verbs: Mapping[str, Callable[..., object]], shell: str) -> str:
    """The script of a shell that completes a program."""
    told, looks = StringIO(), (*LOOKS, tyro.conf.OmitSubcommandPrefixes, tyro.conf.OmitArgPrefixes)
    try:
        with redirect_stdout(told):
            tyro.extras.subcommand_cli_from_dict(dict(verbs), prog=script, args=["--tyro-write-completion", shell, "-"], config=looks)
    except SystemExit:
        return told.getvalue()
    raise AssertionError("tyro ends once it has printed a script")


def by_name(word: str, command: type[C], names: Mapping[str, Mapping[str, object]]) -> type[C]:
    """A command whose first word is one of some names, each with its own defaults, as tyro completes it: with a command below it each."""
    hidden, here = tyro.conf.Positional[str], {"__module__": __name__}  # a small file: tyro looks there for comments
    below = []
    for name, own in names.items():
        changed = [(key, type(value), field(default=value)) for key, value in own.items()]
        first = (word, hidden, field(default=name))
        made = make_dataclass(f"{command.__name__}_{name}", [first, *changed], bases=(command,), namespace=here, frozen=True)
        below.append(Annotated[made, tyro.conf.subcommand(name)])
    whole: type[C] = make_dataclass(command.__name__, [("name", Union[tuple(below)])], namespace=here)  # noqa: UP007
    return whole
