"""The terminal: texts are printed to the letter, whatever they hold. Names, paths and errors come from outside."""

from collections.abc import Iterable
from typing import IO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Column, Table

from synthtasks.console.stdout import SEEN


class Terminal(Console):
    """A console without markup, emoji and highlighting, on which no text can control the terminal. Only `style=` and `Text` give styles."""

    def __init__(self, file: IO[str] | None = None, width: int | None = None):
        super().__init__(file=file, width=width, markup=False, emoji=False, highlight=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Segments with control characters shown as escapes."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else text.translate(SEEN), style, control)


def columns(*names: str | Column) -> Table:
    """An empty table without lines."""
    return Table(*names, box=None, padding=(0, 2, 0, 0), header_style="dim")
