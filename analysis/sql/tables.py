"""All files of a folder of results as tables for `query`. Files that cannot be read are rows of the table `unreadable`."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from analysis.measures.estimates import exact_pass_at_k
from analysis.measures.exact import KS
from train.ledger import read_ledger
from train.score import LAYOUT, SCHEMA
from train.stages.arrays import Layout, load_arrays
from train.stages.circumstances import read_made
from train.stages.reading import Malformed, a_count, a_number, a_text, an_object, parse, read_json, read_note, read_object, reading, shown
from train.stages.seal import Damaged, Seal, check_content, defined, read_seal
from train.stages.stage import Undefined

Row = Mapping[str, object]
RUN = ("seconds", "cpu_seconds", "peak_memory_mb", "finished", "device", "python")
PLAIN = (str, int, float, bool, type(None))
STAGE = re.compile(r"[^\W\d]\w*-[0-9a-f]{12}")  # the name of a stage's folder
COLUMNS = ("study", "seed", "phase", "place", "metric", "value", "n", "note")  # of facts, besides the labels of their cells
TAKEN = {*COLUMNS, "name", "stage"}  # columns that no label has: one of such a name gets a stroke behind it
STUDY = "Run the study or `report` again, which writes it anew"  # advice for a damaged report


@dataclass(frozen=True)
class Reading:
    """The rows of a table, and the folders that could not be read, each with the reason."""

    rows: tuple[Row, ...]
    damaged: Mapping[str, str]


def stages(out: Path) -> Reading:
    """A row of each finished stage: its kind and circumstances, its costs (`Ledger`), and when it was finished (UTC)."""

    def row(folder: Path) -> Iterator[Row]:
        made, commit, undefined = read_made(folder), None, None
        if made.commit:
            with reading(folder / "run.json"):
                commit = a_text(made.commit["hash"])
        try:
            defined(folder)
        except Undefined as reason:
            undefined = str(reason)
        facts = {"name": folder.name, "kind": folder.name.rpartition("-")[0], "undefined": undefined, "commit": commit}
        yield facts | {key: getattr(made, key) for key in RUN} | asdict(read_ledger(folder))

    return _of_stages(out, ("run.json", "ledger.json", "undefined.json"), row)


def metrics(out: Path) -> Reading:
    """A row of each optimiser step (and each iteration without one) of the stages that learn: `stage`, `iteration`, and the metrics."""

    def row(folder: Path) -> Iterator[Row]:
        with reading(file := folder / "metrics.jsonl"):
            for line in file.read_bytes().splitlines():
                yield read_note(line) | {"stage": folder.name}

    return _of_stages(out, ("metrics.jsonl",), row)


def scores(out: Path) -> Reading:
    """A row of each difficulty and temperature of every `Score`: exact pass@k, mean over its problems."""

    def row(folder: Path) -> Iterator[Row]:
        with reading(file := folder / "stage.json"):
            fields = an_object(read_object(file)["stages"][-1]["fields"])  # type: ignore[index]  # any other value is refused
            steps = [a_count(family["fields"]["steps"]) for family in fields["families"]]  # type: ignore[attr-defined]
            temperatures = [a_number(t) for t in fields["temperatures"]]  # type: ignore[attr-defined]
        found = load_arrays(folder / "scores.npz", SCHEMA, Layout(LAYOUT, {"F": len(steps), "K": len(temperatures)}))
        for n, at in zip(steps, found["logp"].astype(float), strict=True):  # [K, P]
            for temperature, logp in zip(temperatures, at, strict=True):
                curve = {f"pass@{k}": float(exact_pass_at_k(logp, k).mean()) for k in KS}
                yield {"stage": folder.name, "steps": n, "temperature": float(temperature), "problems": len(logp)} | curve

    return _of_stages(out, ("scores.npz", "stage.json"), row)


def facts(out: Path) -> Reading:
    """A row of each fact of each study: the labels of its cell, its `seed`, and a metric's `value` at a `place` on its axis. A missing
    `value` is null, and `note` says why."""

    def row(file: Path) -> Iterator[Row]:
        for line in file.read_bytes().splitlines():
            fact = an_object(parse(line))
            labels = _labels(fact["labels"])
            place, value = (None if fact[key] is None else a_number(fact[key]) for key in ("at", "value"))  # in SQL, AT is a keyword
            phase, metric, note = (_printable(a_text(fact[key])) for key in ("phase", "metric", "note"))
            values = (shown(Path(file.parent.name)), a_count(fact["seed"]), phase, place, metric, value, a_count(fact["n"]), note)
            yield labels | dict(zip(COLUMNS, values, strict=True))

    return _of_studies(out, "facts.jsonl", row)


def cells(out: Path) -> Reading:
    """A row of each stage of each cell of each study: the labels of the cell, its `seed`, the `name` of the stage in the cell, and the
    `stage`, by which the tables `stages`, `metrics` and `scores` tell it."""

    def row(file: Path) -> Iterator[Row]:
        for line in file.read_bytes().splitlines():
            cell = an_object(parse(line))
            known = {"study": shown(Path(file.parent.name)), "seed": a_count(cell["seed"])}
            for name, stage in an_object(cell["stages"]).items():
                yield _labels(cell["labels"]) | known | {"name": _printable(name), "stage": _printable(a_text(stage))}

    return _of_studies(out, "cells.jsonl", row)


def findings(out: Path) -> Reading:
    """A row of each claim of each study; differences in points of 100."""

    def row(file: Path) -> Iterator[Row]:
        for one in read_json(file):  # type: ignore[attr-defined]  # any other value is refused
            known = {_word(k): v for k, v in an_object(one).items() if k != "values"}
            if odd := [k for k, v in known.items() if type(v) not in PLAIN or (type(v) is int and abs(v) >= 2**63)]:
                raise ValueError(f"{odd[0]} of a claim is neither a text nor a number")
            yield known | {"study": shown(Path(file.parent.name))}

    return _of_studies(out, "findings.json", row)


def unreadable(out: Path) -> Reading:
    """A row of each folder with a file that could not be read, with the reason and the way out."""
    found = {folder: reason for read in TABLES.values() if read is not unreadable for folder, reason in read(out).damaged.items()}
    return Reading(tuple({"folder": folder, "reason": reason} for folder, reason in found.items()), found)


TABLES: dict[str, Callable[[Path], Reading]] = {f.__name__: f for f in (stages, cells, facts, findings, metrics, scores, unreadable)}


def _of_stages(out: Path, names: tuple[str, ...], row: Callable[[Path], Iterator[Row]]) -> Reading:
    """The rows of every finished stage that has the first of these files, after a check of all of them."""

    def checked(folder: Path) -> Iterator[Row]:
        seal = read_seal(folder)
        files = {name: seal.files[name] for name in names if name in seal.files}
        if names[0] in files:
            check_content(folder, Seal(seal.meaning, files))
            yield from row(folder)

    return _rows((f for f in (out / "stages").glob("*-*") if STAGE.fullmatch(f.name)), checked)


def _of_studies(out: Path, name: str, row: Callable[[Path], Iterator[Row]]) -> Reading:
    """The rows of the files with that name in the folders of all studies."""

    def read(folder: Path) -> Iterator[Row]:
        with reading(folder / name, STUDY):
            yield from row(folder / name)

    return _rows((file.parent for file in out.glob(f"*/{name}")), read)


def _rows(folders: Iterable[Path], read: Callable[[Path], Iterator[Row]]) -> Reading:
    found: list[Row] = []
    damaged: dict[str, str] = {}
    for folder in sorted(folders):
        try:
            found += list(read(folder))
        except (Damaged, Malformed) as fault:
            damaged[shown(Path(folder.name))] = str(fault)
    return Reading(tuple(found), damaged)


def _labels(labels: object) -> dict[str, str]:
    """The columns of a cell's labels."""
    return {_word(axis) + "_" * (axis.lower() in TAKEN): a_text(value) for axis, value in an_object(labels).items()}


def _word(name: str) -> str:
    """The name of a column.

    Raises:
        ValueError: if it is empty or has characters that cannot be printed.
    """
    if not name:
        raise ValueError("expected a name, found none")
    return _printable(name)


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError(f"expected a text in one line, found {text!r}")
    return text
