"""The table of laws and tasks as data, made anew and checked again; and its page."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypedDict

from synthtasks.laws.foreign.task import Case, Law, Task


class Example(TypedDict):
    """The smallest case that breaks a law, and how."""

    seed: int
    index: int
    probe: str
    found: str


class Cell(TypedDict):
    """One law on one task: cases tried, cases that break it."""

    law: str
    task: str
    tried: int
    broken: int
    example: Example | None


class Table(TypedDict):
    """All laws on all tasks of a library, as they are kept in JSON."""

    library: str
    version: str
    laws: list[dict[str, str]]  # name, says, ground
    tasks: list[dict[str, str]]  # name, kind
    cells: list[Cell]  # of each law, all tasks


def judged(task: Task, law: Law) -> Cell:
    """A law tried on every case of a task."""
    cases = list(law.cases(task))
    found = [(words, case) for case in cases if (words := law.broken(task, case)) is not None]
    words, case = min(found, key=lambda f: (len(f[0]), f[1].index, f[1].probe), default=("", None))
    example: Example | None = None if case is None else {"seed": case.seed, "index": case.index, "probe": case.probe, "found": words}
    return {"law": law.name, "task": task.name, "tried": len(cases), "broken": len(found), "example": example}


def table(tasks: Sequence[Task], laws: Iterable[Law]) -> Table:
    """Every law on every task."""
    tried = tuple(laws)
    library = tasks[0].library
    return {
        "library": library.name,
        "version": library.version,
        "laws": [{"name": law.name, "says": law.says, "ground": law.ground} for law in tried],
        "tasks": [{"name": task.name, "kind": task.kind} for task in tasks],
        "cells": [judged(task, law) for law in tried for task in tasks],
    }


def stale(cell: Cell, task: Task, law: Law) -> str | None:
    """How the example of a cell differs now from what the cell says, if it does."""
    if (kept := cell["example"]) is None:
        return None
    now = law.broken(task, Case(kept["seed"], kept["index"], kept["probe"]))
    return None if now == kept["found"] else f"{cell['law']} on {cell['task']}: kept {kept['found']!r}, now {now!r}"


def page(found: Table, says: str = "", advice: str = "") -> Iterator[str]:
    """The table as lines of Markdown: counts first, then what suggests the laws, then the smallest counterexamples.

    `says` stands above the table, and `advice` below it.
    """
    cells = {(c["law"], c["task"]): c for c in found["cells"]}
    tasks = [t["name"] for t in found["tasks"]]
    broken = sum(c["broken"] > 0 for c in found["cells"])
    kept = sum(c["tried"] > 0 for c in found["cells"]) - broken
    yield f"# {len(tasks)} tasks of {found['library']} {found['version']} under {len(found['laws'])} laws"
    yield from ("", *([says, ""] if says else []))
    yield (
        f"Of {kept + broken} pairs of a law and a task, {kept} are kept (✓) and {broken} are not: there the table counts the cases that"
        " break the law, of those tried. A law that does not apply is –."
    )
    yield ""
    yield f"| law | {' | '.join(f'`{t}`' for t in tasks)} |"
    yield f"|---|{'---|' * len(tasks)}"
    for law in found["laws"]:
        yield f"| {law['says']} | {' | '.join(_sign(cells[law['name'], task]) for task in tasks)} |"
    yield from ("", advice) if advice else ()
    yield from ("", "## The smallest counterexamples")
    for law in found["laws"]:
        if examples := [(t, e) for t in tasks if (e := cells[law["name"], t]["example"]) is not None]:
            yield from ("", f"**{law['says']}**", "")
            yield from (f"- `{task}`: {_code(example['found'])}" for task, example in examples)
    yield from ("", "## What suggests each law", "")
    yield from (f"- **{law['says']}** {law['ground'][0].upper()}{law['ground'][1:]}." for law in found["laws"])


def _sign(cell: Cell) -> str:
    return "–" if not cell["tried"] else "✓" if not cell["broken"] else f"{cell['broken']}/{cell['tried']}"


def _code(words: str) -> str:
    return f"`` {words} ``" if "`" in words else f"`{words}`"
