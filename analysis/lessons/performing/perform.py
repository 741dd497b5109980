"""A lesson from the command line: its text in order, with the results where they belong."""

import linecache
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, ModuleType

from rich.console import Console
from rich.markdown import Markdown

from analysis.lessons.performing.percent import Cell, cells

ROOM = Path(__file__).parents[1]
WIDTH = 100  # columns of text, at most: longer lines are hard to read
OUT = "SYNTHTASKS_LESSONS_OUT"  # of the environment: the folder of all lessons


def lessons() -> Mapping[int, Path]:
    """The files of the lessons by their numbers."""
    return {int(file.stem.split("_")[1]): file for file in sorted(ROOM.glob("lesson_*.py"))}


def show_lessons(console: Console) -> None:
    """Print the title of every lesson, and what it takes."""
    for file in lessons().values():
        head = cells(file.read_text(encoding="utf-8"))[0].source.split("\n\n")
        _say(f"**{head[0].removeprefix('# ')}**\n\n{head[-1]}", console)
    _say(f"`python -m analysis lesson 1` runs the first. The files, to be read and changed, and notebooks: `{_near(ROOM)}`", console)


def perform(number: int, out: Path | None, console: Console) -> ModuleType:
    """Print the texts of a lesson and run its code, cell by cell; figures and stages go to `out`. The lesson, as the module that it is.

    Raises:
        ValueError: if there is no such lesson.
    """
    if (file := lessons().get(number)) is None:
        raise ValueError(f"there is no lesson {number}, but {', '.join(map(str, lessons()))}")
    if out is not None:
        os.environ[OUT] = str(out)
    module = ModuleType("__main__")  # as in a notebook: a part that a lesson defines is named by its cell, and a changed part is another
    with _started(module):
        for cell in cells(file.read_text(encoding="utf-8")):
            if cell.text:
                _say(cell.source, console)
            else:
                exec(_compiled(cell, file), vars(module))
    _say(f"Its figures lie in `{_near(module.desk.folder)}`. The lesson itself: `{_near(file)}`", console)
    return module


def _compiled(cell: Cell, file: Path) -> CodeType:
    """The code of a cell. Tracebacks show its lines, counted as in the file."""
    text, called = "\n" * (cell.line - 1) + cell.source, f"{file}, the cell in line {cell.line}"
    linecache.cache[called] = (len(text), None, text.splitlines(keepends=True), called)
    return compile(text, called, "exec", dont_inherit=True)


@contextmanager
def _started(module: ModuleType) -> Iterator[None]:
    """Takes the place of the module that Python was started with."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = module
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _say(text: str, console: Console) -> None:
    console.print(Markdown(text), "", width=min(WIDTH, console.width))


def _near(path: Path) -> Path:
    """A path as one types it here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
