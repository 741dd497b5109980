"""Tables for people at work in Python: a data frame of the library that is installed."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec

from analysis.report.html import table, tag

FRAMES = ("pandas", "polars")  # in the order of preference
SHOWN = 60  # rows of a table in a notebook


class Rows(list[dict[str, object]]):
    """Records that a notebook shows as a table."""

    def _repr_html_(self) -> str:
        """The first rows, and how many there are."""
        head = list(self[0]) if self else []
        rows = [[_short(v) for v in row.values()] for row in self[:SHOWN]]
        return str(tag("div", table(head, rows), tag("p", f"{len(self):,} rows, of which {len(rows):,} are shown")))


def frame(records: Sequence[Mapping[str, object]]) -> object:
    """The records as a `DataFrame` of the first of `FRAMES` that is installed; if none is, as `Rows`. Every row has every column."""
    columns = list(dict.fromkeys(key for record in records for key in record))
    rows = Rows({column: record.get(column) for column in columns} for record in records)
    library = next((name for name in FRAMES if find_spec(name)), None)
    return import_module(library).DataFrame(rows) if library else rows


def _short(value: object) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
