"""SQL over all results, by DuckDB, in memory: a query can read the tables, and no file."""

import csv
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from rich.console import Console
from rich.table import Table

from analysis.sql.tables import TABLES, Row

SMALLEST = 1 << 20  # bytes of a row that are always allowed


@dataclass(frozen=True)
class Answer:
    """The answer to a query."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    damaged: tuple[str, ...] = ()  # what could not be read, and is missing


def ask(sql: str, out: Path) -> Answer:
    """The answer to a query about the results in `out`. Only the tables that it names are read.

    Raises:
        ValueError: if the query is wrong, or asks for anything but these tables.
    """
    named = [name for name in TABLES if re.search(rf"\b{name}\b", sql, re.IGNORECASE)]
    with duckdb.connect(":memory:", config={"python_enable_replacements": False, "temp_directory": ""}) as database:
        damaged = load(database, out, named)
        try:
            database.execute(sql)
            columns = tuple(str(d[0]) for d in database.description or ())
            return Answer(columns, tuple(database.fetchall()), damaged)
        except duckdb.Error as reason:
            raise ValueError(f"{reason}\nThe tables are {', '.join(TABLES)}; `query` without SQL lists their columns") from None


def load(database: duckdb.DuckDBPyConnection, out: Path, names: Sequence[str]) -> tuple[str, ...]:
    """Put tables into a database, and then close it to the world; what could not be read."""
    damaged: dict[str, None] = {}
    with TemporaryDirectory() as scratch:
        for name in names:
            reading = TABLES[name](out)
            damaged |= dict.fromkeys(reading.damaged.values())
            _create(database, name, reading.rows, Path(scratch) / name)
    database.execute("SET enable_external_access = false")
    database.execute("SET lock_configuration = true")
    return tuple(damaged)


def _create(database: duckdb.DuckDBPyConnection, name: str, rows: Sequence[Row], file: Path) -> None:
    kinds = columns(rows) or {"nothing": "VARCHAR"}
    longest = SMALLEST
    with open(file, "wb") as lines:
        for row in rows:
            known = {_column(column): _finite(value) for column, value in row.items()}
            longest = max(longest, lines.write(f"{json.dumps({column: known.get(_column(column)) for column in kinds})}\n".encode()))
    read = "read_json($file, format = 'newline_delimited', columns = $columns, maximum_object_size = $longest)"
    database.execute(f"CREATE TABLE {name} AS SELECT * FROM {read}", {"file": str(file), "columns": kinds, "longest": longest})


def _column(name: str) -> str:
    """By what SQL tells columns apart."""
    return name.lower()


def _finite(value: object) -> object:
    """JSON has no NaN and no infinity: they are null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def columns(rows: Sequence[Row]) -> dict[str, str]:
    """The columns of a table, in the order in which they first come, each with the narrowest type that holds its values."""
    found: dict[str, set[type]] = {}
    names: dict[str, str] = {}
    for row in rows:
        for column, value in row.items():
            found.setdefault(names.setdefault(_column(column), column), set()).add(type(value))
    return {column: _type(kinds - {type(None)}) for column, kinds in found.items()}


def _type(kinds: set[type]) -> str:
    if kinds <= {bool} and kinds:
        return "BOOLEAN"
    if kinds <= {int} and kinds:
        return "BIGINT"
    return "DOUBLE" if kinds <= {int, float} and kinds else "VARCHAR"


def show(answer: Answer, console: Console) -> None:
    """As a table for people."""
    table = Table(*answer.columns, box=None, padding=(0, 2), header_style="dim")
    for row in answer.rows:
        table.add_row(*("" if v is None else f"{v:.6g}" if isinstance(v, float) else str(v) for v in row))
    console.print(table)


def write_csv(answer: Answer, console: Console) -> None:
    """As CSV, which no terminal's width cuts."""
    writer = csv.writer(console.file)
    writer.writerow(answer.columns)
    writer.writerows(answer.rows)


def write_json(answer: Answer, console: Console) -> None:
    """As JSON, a list of objects, which no terminal's width cuts."""
    found = [{c: _finite(v) for c, v in zip(answer.columns, row, strict=True)} for row in answer.rows]
    json.dump(found, console.file, indent=1, default=str)
    console.file.write("\n")


SHOWS: dict[str, Callable[[Answer, Console], None]] = {"table": show, "csv": write_csv, "json": write_json}


def catalogue(out: Path) -> Answer:
    """The tables with their columns and numbers of rows."""
    found, damaged = [], dict[str, None]()
    for name, read in TABLES.items():
        reading = read(out)
        damaged |= dict.fromkeys(reading.damaged.values())
        found.append((name, len(reading.rows), ", ".join(columns(reading.rows))))
    return Answer(("table", "rows", "columns"), tuple(found), tuple(damaged))
