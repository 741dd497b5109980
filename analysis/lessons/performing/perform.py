"""A lesson from the command line: its text in order, with the results where they belong."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

from rich.console import Console
from rich.markdown import Markdown

from analysis.lessons.performing.percent import cells

ROOM = Path(__file__).parents[1]
OUT = "SYNTHTASKS_LESSONS_OUT"  # of the environment: the folder of all lessons


def lessons() -> Mapping[int, Path]:
    """The files of the lessons by their numbers."""
    return {int(file.stem.split("_")[1]): file for file in sorted(ROOM.glob("lesson_*.py"))}


def listed() -> str:
    """The lessons with their titles and what they take, in Markdown."""
    heads = {number: cells(file.read_text(encoding="utf-8"))[0].source for number, file in lessons().items()}
    parts = [f"{head.splitlines()[0].removeprefix('# ')}  \n{head.split(chr(10) * 2)[-1]}" for head in heads.values()]
    return "\n\n".join(
        [*parts, f"Read, run and change them: `python -m analysis lesson NUMBER`, or open a notebook of `{_near(ROOM)}/notebooks`."]
    )


def perform(number: int, out: Path | None, console: Console) -> None:
    """Print a lesson cell by cell, running its code; figures and stages go to `out`.

    Raises:
        ValueError: if there is no such lesson.
    """
    if (file := lessons().get(number)) is None:
        raise ValueError(f"there is no lesson {number}, but {', '.join(map(str, lessons()))}")
    if out is not None:
        os.environ[OUT] = str(out)
    module = ModuleType(file.stem)
    module.__file__ = str(file)
    sys.modules[file.stem] = module  # what a lesson defines is found by its module
    for cell in cells(file.read_text(encoding="utf-8")):
        if cell.text:
            console.print(Markdown(cell.source), "")
        else:
            code = compile("\n" * (cell.line - 1) + cell.source, file, "exec", dont_inherit=True)
            exec(code, vars(module))
    console.print(Markdown(f"Its figures lie in `{module.desk.folder}`. The lesson itself: `{_near(file)}`"))


def _near(path: Path) -> Path:
    """A path as one types it here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
