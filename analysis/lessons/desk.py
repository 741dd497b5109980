"""The desk of a lesson: where its figures and results lie, how large it is, and how it speaks in a terminal and in a notebook."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.markdown import Markdown

from train.stages.store import Store

if TYPE_CHECKING:
    from altair import TopLevelMixin

T = TypeVar("T")
SIZE, OUT = "SYNTHTASKS_LESSON", "SYNTHTASKS_LESSONS_OUT"  # of the environment: tiny, for tests; and the folder of all lessons
LESSONS = Path(__file__).parents[2] / "runs" / "lessons"
WIDTH = 100  # columns of text that goes to no terminal


@dataclass(frozen=True)
class Desk:
    """A lesson's place. In a notebook, figures and texts appear below the cell; in a terminal, texts are printed, and figures are files."""

    number: int
    out: Path  # of all lessons: they share stages
    tiny: bool  # as tests run it; its numbers mean nothing

    @staticmethod
    def of(number: int) -> Desk:
        """The desk of the lesson of this number, as the environment says: SYNTHTASKS_LESSONS_OUT=folder, SYNTHTASKS_LESSON=tiny.

        Raises:
            ValueError: if the size is neither `full` nor `tiny`.
        """
        size = os.environ.get(SIZE, "full")
        if size not in ("full", "tiny"):
            raise ValueError(f"{SIZE} is full or tiny; found {size!r}")
        return Desk(number, Path(os.environ.get(OUT, LESSONS)), size == "tiny")

    @property
    def folder(self) -> Path:
        """Where the lesson's figures lie."""
        return self.out / str(self.number)

    @cached_property
    def store(self) -> Store:
        """The results of all lessons: a stage that is there is not run again."""
        return Store(self.out / "stages")

    def size(self, full: T, tiny: T) -> T:
        """A size of the lesson: the first, or the second where it runs in a test."""
        return tiny if self.tiny else full

    def say(self, text: str) -> None:
        """Show a text in Markdown."""
        if notebook():
            from IPython.display import Markdown as Cell
            from IPython.display import display

            display(Cell(text))  # type: ignore[no-untyped-call]
        else:
            console().print(Markdown(text))

    def table(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Show rows as a table: a column a name, in the order of the first row."""
        names = list(rows[0])
        lines = [names, ["---"] * len(names), *([_cell(row[name]) for name in names] for row in rows)]
        self.say("\n".join(f"| {' | '.join(line)} |" for line in lines))

    def show(self, chart: TopLevelMixin, name: str) -> None:
        """Show a figure in a notebook; keep it in the folder as NAME.html (one file, without network), NAME.svg and NAME.png."""
        self.folder.mkdir(parents=True, exist_ok=True)
        chart.save(self.folder / f"{name}.html", inline=True)
        chart.save(self.folder / f"{name}.svg")
        chart.save(self.folder / f"{name}.png", ppi=144)
        if notebook():
            from IPython.display import display

            display(chart)  # type: ignore[no-untyped-call]
        else:
            self.say(f"Figure: `{self.folder / name}.html`, also as `.svg` and `.png`")


def notebook() -> bool:
    """True where a notebook shows the output."""
    return "ipykernel" in sys.modules


def console() -> Console:
    """A terminal, or an output of a fixed width."""
    return Console() if sys.stdout.isatty() else Console(width=WIDTH)


def _cell(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
