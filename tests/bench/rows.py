"""Rows of the table: what was measured, and its ratio to what was measured beside it in the same rounds."""

import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from rich.table import Table

ROUNDS = 5


@dataclass(frozen=True)
class Row:
    """A figure with its unit, and one ratio."""

    what: str
    figure: float | None
    unit: str
    ratio: float | None = None
    to: str = ""  # says of which two things the ratio is


def paired(*work: Callable[[], object]) -> list[float]:
    """Median CPU seconds of each, in alternating rounds after one that does not count."""
    spent: list[list[float]] = [[] for _ in work]
    for number in range(ROUNDS + 1):
        for i, do in enumerate(work):
            began = time.process_time()
            do()
            if number:
                spent[i].append(time.process_time() - began)
    return [statistics.median(s) for s in spent]


def beside(title: str, amount: float, unit: str, ours: Callable[[], object], others: Mapping[str, Callable[[], object]]) -> Iterable[Row]:
    """A row for our rate in `unit`s a second, and one with the ratio to the rate of each of `others` on the same `amount`."""
    first, *rest = paired(ours, *others.values())
    yield Row(title, amount / first, f"{unit}/s")
    for name, seconds in zip(others, rest, strict=True):
        yield Row(f"  {name}", amount / seconds, f"{unit}/s", seconds / first, "ours has so many times its rate")


def missing(what: str) -> Row:
    """A row for a peer that is not there."""
    return Row(what, None, "not installed: make bridges")


def table(rows: Iterable[Row]) -> Table:
    """Rows for a reader."""
    shown = Table("what", "figure", "ratio", "", box=None, padding=(0, 2))
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.3g}"
        shown.add_row(row.what, f"{_plain(row.figure)} {row.unit}".strip(), ratio, row.to)
    return shown


def _plain(x: float | None) -> str:
    return "" if x is None else f"{x:,.0f}" if abs(x) >= 1_000 else f"{x:.3g}"
