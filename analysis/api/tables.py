"""Tables for people at work in Python: a data frame of the library that is installed."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec

FRAMES = ("pandas", "polars")  # in the order of preference


def frame(records: Sequence[Mapping[str, object]]) -> object:
    """The records as a `DataFrame` of the first of `FRAMES` that is installed; if none is, as they are. Every row has every column."""
    columns = list(dict.fromkeys(key for record in records for key in record))
    rows = [{column: record.get(column) for column in columns} for record in records]
    library = next((name for name in FRAMES if find_spec(name)), None)
    return import_module(library).DataFrame(rows) if library else rows
