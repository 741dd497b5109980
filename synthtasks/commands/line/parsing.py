"""Parsing by tyro, with mistakes in a line or two."""

import inspect
import re
from collections.abc import Sequence
from contextlib import redirect_stderr
from io import StringIO
from itertools import dropwhile, takewhile
from shutil import get_terminal_size
from textwrap import fill
from typing import TypeVar

import tyro

from synthtasks.commands.line.mistakes import mistake, options

LOOKS = (tyro.conf.DisallowNone, tyro.conf.FlagCreatePairsOff)  # of the help: no {None}, no --no-dry-run
WIDEST = 100  # columns of text
T = TypeVar("T")


def described(command: object, *more: str) -> str:
    """The description of a command, wrapped; each part of `more` is a paragraph that begins with a letter. tyro joins lines, unless one
    begins with a blank."""
    paragraphs = re.sub(r"\n\nRaises:.*", "", inspect.getdoc(command) or "", flags=re.DOTALL).split("\n\n")
    width = min(get_terminal_size().columns, WIDEST)
    wrapped = (fill(" ".join(p.split()), width, subsequent_indent="  ", break_on_hyphens=False) for p in paragraphs)
    return "\n\n".join([*wrapped, *more])


def parse(command: type[T], words: Sequence[str], prog: str, default: T | None = None, *more: str) -> T:
    """The command from the words after its name, at the defaults of `default`; `more` stands in its help below what it does.

    Raises:
        ValueError: with the mistake, if the words are none of this command.
        SystemExit: after the help.
    """
    told, of = StringIO(), default or command
    try:
        with redirect_stderr(told):
            said = described(command, *more)
            if default is None:
                return tyro.cli(command, prog=prog, description=said, args=words, config=LOOKS)
            return tyro.cli(command, prog=prog, description=said, args=words, default=default, config=LOOKS)
    except SystemExit as end:
        if not end.code:
            raise
        verb = re.sub(r"^(python -m )?\S+ ", "", prog)
        why = mistake(verb, list(options(of)), words) or _in_a_line(told.getvalue()).replace("Unrecognized options:", f"{verb} takes no")
        raise ValueError(why) from None


def _in_a_line(box: str) -> str:
    """The first part of the text in a box that tyro prints: it has a title, and rules between its parts."""
    lines = [line.strip("│|╭╮╰╯─- ") for line in box.splitlines()[1:]]
    part = takewhile(bool, dropwhile(lambda line: not line, lines))
    return re.sub(r"^Error parsing \S+: ", "", " ".join(part))
