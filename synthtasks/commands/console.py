"""Tables on a terminal or in a file."""

import sys
from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.table import Table

PLAIN_WIDTH = 120  # columns, without a terminal


def printed(parts: Iterable[RenderableType]) -> None:
    """Print the parts of a page, one below another."""
    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    Console(markup=False, emoji=False, highlight=False, width=width).print(*parts, sep="\n")


def columns(*names: str) -> Table:
    """A table with a first column of text and other columns of numbers."""
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for i, name in enumerate(names):
        table.add_column(name, justify="right" if i else "left", no_wrap=not i)
    return table
