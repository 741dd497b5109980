"""SQL over all results, by DuckDB in memory: a query can read the tables, and no file."""

import csv
import json
import math
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import duckdb
from rich.console import Console
from rich.table import Table

from analysis.sql.tables import TABLES, Reading, Row

SMALLEST = 1 << 20  # bytes of a row that are always allowed


@dataclass(frozen=True)
class Answer:
    """The answer to a query."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    damaged: tuple[str, ...] = ()  # the files that could not be read, and are missing


def ask(sql: str, out: Path) -> Answer:
    """The answer to a query about the results in `out`. Only the tables that it names are read.

    Raises:
        ValueError: if the query is wrong, or reaches for anything but these tables.
    """
    readings = {name: read(out) for name, read in TABLES.items() if re.search(rf"\b{name}\b", sql, re.IGNORECASE)}
    with duckdb.connect(":memory:", config={"python_enable_replacements": False, "temp_directory": ""}) as database:
        for name, reading in readings.items():
            _create(database, name, reading.rows)
        database.execute("SET enable_external_access = false")
        database.execute("SET lock_configuration = true")
        try:
            database.execute(sql)
            columns = tuple(str(d[0]) for d in database.description or ())
            return Answer(columns, tuple(database.fetchall()), _damaged(readings))
        except duckdb.Error as reason:
            raise ValueError(f"{reason}\nThe tables are {', '.join(TABLES)}; `query` without SQL lists their columns") from None


def catalogue(out: Path) -> Answer:
    """The tables with their columns and numbers of rows."""
    readings = {name: read(out) for name, read in TABLES.items()}
    rows = tuple((name, len(reading.rows), ", ".join(columns(reading.rows))) for name, reading in readings.items())
    return Answer(("table", "rows", "columns"), rows, _damaged(readings))


def _damaged(readings: Mapping[str, Reading]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reason for reading in readings.values() for reason in reading.damaged.values()))


def _create(database: duckdb.DuckDBPyConnection, name: str, rows: Sequence[Row]) -> None:
    """Create a table. DuckDB loads a file of JSON much faster than rows that are inserted."""
    kinds, longest = columns(rows) or {"nothing": "VARCHAR"}, SMALLEST
    with NamedTemporaryFile() as file:
        for row in rows:
            known = {column.lower(): _finite(value) for column, value in row.items()}
            longest = max(longest, file.write(f"{json.dumps({column: known.get(column.lower()) for column in kinds})}\n".encode()))
        file.flush()
        read = "read_json($file, format = 'newline_delimited', columns = $columns, maximum_object_size = $longest)"
        database.execute(f"CREATE TABLE {name} AS SELECT * FROM {read}", {"file": file.name, "columns": kinds, "longest": longest})


def _finite(value: object) -> object:
    """The value; null for NaN and infinity, which JSON does not have."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def columns(rows: Sequence[Row]) -> dict[str, str]:
    """The columns of a table in order of appearance, each with the narrowest type that holds its values. SQL ignores the case of names."""
    names: dict[str, str] = {}
    found: dict[str, set[type]] = defaultdict(set)
    for row in rows:
        for column, value in row.items():
            found[names.setdefault(column.lower(), column)].add(type(value))
    return {column: _type(kinds - {type(None)}) for column, kinds in found.items()}


def _type(kinds: set[type]) -> str:
    numbers = "DOUBLE" if kinds and kinds <= {int, float} else "VARCHAR"
    return "BOOLEAN" if kinds == {bool} else "BIGINT" if kinds == {int} else numbers


def show(answer: Answer, console: Console) -> None:
    """Print a table."""
    table = Table(*answer.columns, box=None, padding=(0, 2), header_style="dim")
    for row in answer.rows:
        table.add_row(*("" if v is None else f"{v:.6g}" if isinstance(v, float) else str(v) for v in row))
    console.print(table)


def write_csv(answer: Answer, console: Console) -> None:
    """Write CSV, independent of the terminal's width."""
    writer = csv.writer(console.file)
    writer.writerow(answer.columns)
    writer.writerows(answer.rows)


def write_json(answer: Answer, console: Console) -> None:
    """Write a JSON list of objects, independent of the terminal's width."""
    found = [{c: _finite(v) for c, v in zip(answer.columns, row, strict=True)} for row in answer.rows]
    json.dump(found, console.file, indent=1, default=str)
    console.file.write("\n")


SHOWS: dict[str, Callable[[Answer, Console], None]] = {"table": show, "csv": write_csv, "json": write_json}
