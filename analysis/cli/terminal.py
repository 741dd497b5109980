"""The terminal: what is printed is printed to the letter, whatever it holds. Names, paths and errors come from outside."""

from collections.abc import Iterable
from typing import IO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

SEEN = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}  # a terminal would obey them


class Terminal(Console):
    """A console that takes no text for markup, emoji or something to colour, and lets none command the terminal. Styles come from us, by
    `style=` and `Text`."""

    def __init__(self, file: IO[str] | None = None, width: int | None = None):
        super().__init__(file=file, width=width, markup=False, emoji=False, highlight=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Segments with control characters shown as escapes."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else text.translate(SEEN), style, control)
