"""Notebooks of the lessons: made from their files, and run from top to bottom.

python -m analysis.lessons.performing.notebooks write   # after a lesson was changed
python -m analysis.lessons.performing.notebooks run     # all of them, as a reader does; needs the extra `lessons`
"""

import sys
import time
from pathlib import Path

import jupytext
import nbformat

from analysis.lessons.performing.perform import ROOM, lessons

NOTEBOOKS = ROOM / "notebooks"
RAN = Path("runs") / "lessons" / "notebooks"
PATIENCE = 900  # seconds that a cell may take on a slow machine


def made(file: Path) -> nbformat.NotebookNode:
    """The notebook of a lesson, without outputs. Equal files make equal notebooks: cells are counted, where others draw names for them."""
    notebook: nbformat.NotebookNode = jupytext.read(file, fmt="py:percent")
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    for i, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"cell-{i}", {}
    return notebook


def text(file: Path) -> str:
    """The notebook of a lesson as the text of its `.ipynb`."""
    return f"{nbformat.writes(made(file))}\n"


def place(file: Path) -> Path:
    """Where the notebook of a lesson lies."""
    return NOTEBOOKS / f"{file.stem}.ipynb"


def run(file: Path, out: Path) -> float:
    """Run a lesson as a notebook and keep it with its outputs in the folder `out`; the seconds that it took.

    Raises:
        CellExecutionError: if a cell fails.
    """
    from nbclient import NotebookClient  # an extra

    notebook, began = made(file), time.monotonic()
    NotebookClient(notebook, timeout=PATIENCE, kernel_name="python3").execute()
    out.mkdir(parents=True, exist_ok=True)
    (out / place(file).name).write_text(nbformat.writes(notebook), encoding="utf-8")
    return time.monotonic() - began


def main(command: str) -> int:
    """Write or run all notebooks; the exit status."""
    for number, file in lessons().items():
        if command == "write":
            place(file).write_text(text(file), encoding="utf-8")
        elif command == "run":
            print(f"lesson {number}: {run(file, RAN):.0f} s, kept in {RAN / place(file).name}", flush=True)
        else:
            print(f"write or run; found {command!r}", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(" ".join(sys.argv[1:])))
