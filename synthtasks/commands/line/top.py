"""The top of a command line: the list of its commands, and its version."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from inspect import getdoc
from pathlib import Path
from typing import Generic, TypeVar

from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from synthtasks.console.mistakes import among

OPTIONS = {"-h, --help": "This help; after a command, that of the command.", "--version": "The version."}
C = TypeVar("C")


@dataclass(frozen=True)
class CommandLine(Generic[C]):
    """A program of several commands."""

    script: str  # its name where it is installed
    module: str  # python -m MODULE
    says: str  # what it is for
    verbs: Mapping[str, type[C]]

    @property
    def prog(self) -> str:
        """Its name as it was called."""
        return self.script if Path(sys.argv[0]).stem == self.script else f"python -m {self.module}"

    def verb(self, words: Sequence[str], more: Callable[[], str] = str) -> str:
        """The command that is the first word.

        Raises:
            ValueError: if it is none.
            SystemExit: after the help, which no words ask for, too, or the version, which `more` ends.
        """
        first = words[0] if words else "--help"
        if first in ("-h", "--help"):
            self.help()
            sys.exit()
        if first == "--version":
            print(f"{self.script} {installed()} {more()}".rstrip())
            sys.exit()
        if first not in self.verbs:
            what, known = ("option", ("--help", "--version")) if first.startswith("-") else ("command", self.verbs)
            raise ValueError(f"{self.prog} has no {what} {first}; {among(first, known)}")
        return first

    def help(self) -> None:
        """Print the commands with a sentence each."""
        commands = {name: (getdoc(of) or "").replace("\n", " ").partition(". ")[0].rstrip(".") + "." for name, of in self.verbs.items()}
        console = Console(markup=False, emoji=False, highlight=False)
        console.print(f"usage: {self.prog} [-h] [--version] COMMAND ...\n\n{self.says}\n")
        for title, rows in (("options", OPTIONS), ("commands", commands)):
            table = Table.grid(padding=(0, 2, 0, 0))
            for row in rows.items():
                table.add_row(*row)
            console.print(Panel(table, title=title, title_align="left", box=box.ROUNDED, border_style="dim"))


def installed() -> str:
    """The version of the package that is installed."""
    try:
        return version("synthtasks")
    except PackageNotFoundError:
        return "of a checkout that is not installed"
