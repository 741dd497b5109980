"""Everything that lies in a folder of results, as tables: what `query` asks of."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

from analysis.estimates import exact_pass_at_k
from analysis.scores import KS
from train.artifacts import SEAL, Damaged, Seal, check_content, load_arrays, read_seal
from train.ledger import Ledger
from train.score import SCHEMA

Row = Mapping[str, object]
Record = dict[str, Any]  # JSON, whose shape the writer knows
RUN = ("seconds", "cpu_seconds", "peak_memory_mb", "finished", "device", "python")


@dataclass(frozen=True)
class Reading:
    """Rows of one table, and what could not be read."""

    rows: tuple[Row, ...]
    damaged: tuple[str, ...]


def stages(out: Path) -> Reading:
    """A row of each finished stage: what it is, what it took (`Ledger`), and since when it is there (UTC)."""

    def row(folder: Path, files: Mapping[str, Path]) -> Iterator[Row]:
        run = _json(files["run.json"])
        ledger = _json(files["ledger.json"]) if "ledger.json" in files else {}
        reason = _json(files["undefined.json"])["reason"] if "undefined.json" in files else None
        commit = (run.get("commit") or {}).get("hash")
        facts = {"name": folder.name, "kind": folder.name.rpartition("-")[0], "undefined": reason, "commit": commit}
        yield facts | {key: run.get(key) for key in RUN} | {f.name: ledger.get(f.name) for f in fields(Ledger)}

    return _each(out, ("run.json", "ledger.json", "undefined.json"), row, "run.json")


def metrics(out: Path) -> Reading:
    """A row of each optimiser step (and each iteration without one) of the stages that learn: `stage`, `iteration`, and what was logged."""

    def row(folder: Path, files: Mapping[str, Path]) -> Iterator[Row]:
        for line in files["metrics.jsonl"].read_text(encoding="utf-8").splitlines():
            yield {"stage": folder.name} | _object(json.loads(line))

    return _each(out, ("metrics.jsonl",), row, "metrics.jsonl")


def scores(out: Path) -> Reading:
    """A row of each difficulty and temperature of every `Score`: exact pass@k, mean over its problems."""

    def row(folder: Path, files: Mapping[str, Path]) -> Iterator[Row]:
        said = _json(files["stage.json"])["stages"][-1]["fields"]
        steps = [family["fields"].get("steps") for family in said["families"]]
        for n, at in zip(steps, load_arrays(files["scores.npz"], SCHEMA)["logp"].astype(float), strict=True):  # [K, P]
            for temperature, logp in zip(said["temperatures"], at, strict=True):
                curve = {f"pass@{k}": float(exact_pass_at_k(logp, k).mean()) for k in KS}
                yield {"stage": folder.name, "steps": n, "temperature": float(temperature), "problems": len(logp)} | curve

    return _each(out, ("scores.npz", "stage.json"), row, "scores.npz")


def rows(out: Path) -> Reading:
    """A row of each metric of each difficulty of each cell, before and after; one without a metric of a cell that is undefined."""
    found: list[Row] = []
    for file in sorted(out.glob("*/rows.jsonl")):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines()):
            cell = _object(json.loads(line))
            facts = {"study": file.parent.name, "cell": number, "seed": cell["seed"], **_object(cell["labels"])}
            facts |= {"updates": cell["updates"], "undefined": cell["undefined"] or None}
            curves = [(phase, metric, curve) for phase in ("before", "after") for metric, curve in _object(cell[phase]).items()]
            for phase, metric, curve in curves:
                for n, value in zip(cell["steps"], curve, strict=True):
                    found.append(facts | {"phase": phase, "metric": metric, "steps": n, "value": value})
            if not curves:
                found.append(facts | {"phase": None, "metric": None, "steps": None, "value": None})
    return Reading(tuple(found), ())


def verdicts(out: Path) -> Reading:
    """A row of each claim of each study; differences in points of 100."""
    files = sorted(out.glob("*/verdicts.json"))
    found = [{"study": f.parent.name} | _object(v) for f in files for v in json.loads(f.read_text(encoding="utf-8"))]
    return Reading(tuple({k: v for k, v in one.items() if k != "values"} for one in found), ())


TABLES: dict[str, Callable[[Path], Reading]] = {f.__name__: f for f in (stages, rows, verdicts, metrics, scores)}


def _each(out: Path, names: tuple[str, ...], row: Callable[[Path, Mapping[str, Path]], Iterator[Row]], needed: str) -> Reading:
    """The rows of every finished stage that has the file `needed`, after a check of the files that are read."""
    found: list[Row] = []
    damaged: list[str] = []
    for folder in sorted(f.parent for f in (out / "stages").glob(f"*-*/{SEAL}") if not f.parent.name.endswith(".draft")):
        try:
            seal = read_seal(folder)
            files = {name: seal.files[name] for name in names if name in seal.files}
            if needed in files:
                check_content(folder, Seal(seal.meaning, files))
                found += row(folder, {name: folder / name for name in files})
        except Damaged as fault:
            damaged.append(str(fault))
    return Reading(tuple(found), tuple(damaged))


def _json(file: Path) -> Record:
    return _object(json.loads(file.read_bytes()))


def _object(value: object) -> Record:
    if not isinstance(value, dict):
        raise ValueError(f"expected a JSON object, found {str(value)[:40]}")
    return cast(Record, value)
