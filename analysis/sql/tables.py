"""Everything that lies in a folder of results, as tables: what `query` asks of. What cannot be read is a row of a table of its own."""

import re
from collections.abc import Callable, Iterator, Mapping
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
NUMBERS = {"place": "at", "value": "value"}  # SQL keeps the word AT for itself
STUDY = "Run the study or `report` again, which writes it anew"  # the way out of a damaged report


@dataclass(frozen=True)
class Reading:
    """Rows of one table, and what could not be read: the name of the folder with the reason."""

    rows: tuple[Row, ...]
    damaged: Mapping[str, str]


def stages(out: Path) -> Reading:
    """A row of each finished stage: what it is, what it took (`Ledger`), and since when it is there (UTC)."""

    def row(folder: Path) -> Iterator[Row]:
        made, commit = read_made(folder), None
        if made.commit:
            with reading(folder / "run.json"):
                commit = a_text(made.commit["hash"])
        facts = {"name": folder.name, "kind": folder.name.rpartition("-")[0], "undefined": _undefined(folder), "commit": commit}
        yield facts | {key: getattr(made, key) for key in RUN} | asdict(read_ledger(folder))

    return _each(out, ("run.json", "ledger.json", "undefined.json"), row, "run.json")


def _undefined(folder: Path) -> str | None:
    try:
        defined(folder)
    except Undefined as reason:
        return str(reason)
    return None


def metrics(out: Path) -> Reading:
    """A row of each optimiser step (and each iteration without one) of the stages that learn: `stage`, `iteration`, and what was logged."""

    def row(folder: Path) -> Iterator[Row]:
        with reading(file := folder / "metrics.jsonl"):
            for line in file.read_bytes().splitlines():
                yield read_note(line) | {"stage": folder.name}

    return _each(out, ("metrics.jsonl",), row, "metrics.jsonl")


def scores(out: Path) -> Reading:
    """A row of each difficulty and temperature of every `Score`: exact pass@k, mean over its problems."""

    def row(folder: Path) -> Iterator[Row]:
        with reading(file := folder / "stage.json"):
            said = an_object(read_object(file)["stages"][-1]["fields"])  # type: ignore[index]  # whatever it is else, is refused
            steps = [a_count(family["fields"]["steps"]) for family in said["families"]]  # type: ignore[attr-defined]
            temperatures = [a_number(t) for t in said["temperatures"]]  # type: ignore[attr-defined]
        found = load_arrays(folder / "scores.npz", SCHEMA, Layout(LAYOUT, {"F": len(steps), "K": len(temperatures)}))
        for n, at in zip(steps, found["logp"].astype(float), strict=True):  # [K, P]
            for temperature, logp in zip(temperatures, at, strict=True):
                curve = {f"pass@{k}": float(exact_pass_at_k(logp, k).mean()) for k in KS}
                yield {"stage": folder.name, "steps": n, "temperature": float(temperature), "problems": len(logp)} | curve

    return _each(out, ("scores.npz", "stage.json"), row, "scores.npz")


def facts(out: Path) -> Reading:
    """A row of each fact of each study: the labels of its cell, its `seed`, and what was measured at which `place` on the metric's axis. A
    `value` is null where it is not a number, and `note` says why."""

    def row(file: Path) -> Iterator[Row]:
        for line in file.read_bytes().splitlines():
            fact = an_object(parse(line))
            labels = {_label(axis): a_text(value) for axis, value in an_object(fact["labels"]).items()}
            numbers = {column: None if fact[what] is None else a_number(fact[what]) for column, what in NUMBERS.items()}
            texts = {what: _printable(a_text(fact[what])) for what in ("phase", "metric", "note")}
            said = {"study": shown(Path(file.parent.name)), "seed": a_count(fact["seed"]), "n": a_count(fact["n"])} | numbers | texts
            yield labels | {column: said[column] for column in COLUMNS}

    return _reports(out, "facts.jsonl", row)


def findings(out: Path) -> Reading:
    """A row of each claim of each study; differences in points of 100."""

    def row(file: Path) -> Iterator[Row]:
        for one in read_json(file):  # type: ignore[attr-defined]  # whatever it is else, is refused
            known = {_word(k): v for k, v in an_object(one).items() if k != "values"}
            if odd := [k for k, v in known.items() if type(v) not in PLAIN or (type(v) is int and abs(v) >= 2**63)]:
                raise ValueError(f"{odd[0]} of a claim is neither a text nor a number")
            yield known | {"study": shown(Path(file.parent.name))}

    return _reports(out, "findings.json", row)


def unreadable(out: Path) -> Reading:
    """A row of each folder of which something could not be read, with the file, the reason and the way out."""
    found: dict[str, str] = {}
    for read in TABLES.values():
        if read is not unreadable:
            found |= read(out).damaged
    return Reading(tuple({"folder": folder, "reason": reason} for folder, reason in found.items()), found)


TABLES: dict[str, Callable[[Path], Reading]] = {f.__name__: f for f in (stages, facts, findings, metrics, scores, unreadable)}


def _each(out: Path, names: tuple[str, ...], row: Callable[[Path], Iterator[Row]], needed: str) -> Reading:
    """The rows of every finished stage that has the file `needed`, after a check of the files that are read."""
    found: list[Row] = []
    damaged: dict[str, str] = {}
    for folder in sorted(f for f in (out / "stages").glob("*-*") if STAGE.fullmatch(f.name)):
        try:
            seal = read_seal(folder)
            files = {name: seal.files[name] for name in names if name in seal.files}
            if needed in files:
                check_content(folder, Seal(seal.meaning, files))
                found += list(row(folder))
        except (Damaged, Malformed) as fault:
            damaged[shown(Path(folder.name))] = str(fault)
    return Reading(tuple(found), damaged)


def _reports(out: Path, name: str, row: Callable[[Path], Iterator[Row]]) -> Reading:
    """The rows that the reports of all studies hold in files of that name."""
    found: list[Row] = []
    damaged: dict[str, str] = {}
    for file in sorted(out.glob(f"*/{name}")):
        try:
            with reading(file, STUDY):
                found += list(row(file))
        except Malformed as fault:
            damaged[shown(Path(file.parent.name))] = str(fault)
    return Reading(tuple(found), damaged)


def _label(axis: str) -> str:
    """The column of an axis, which may be called as one of ours is."""
    return _word(axis) + "_" * (axis.lower() in COLUMNS)


def _word(name: str) -> str:
    """The name of a column.

    Raises:
        ValueError: if it is none.
    """
    if not name:
        raise ValueError("expected a name, found none")
    return _printable(name)


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError(f"expected a text in one line, found {text!r}")
    return text
