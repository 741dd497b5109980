"""Findings that are kept: a run at a planned look writes a few KB, from which README's tables are made."""

import json
from collections import Counter
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from analysis.design.registration import Registration, differences
from analysis.design.results import Results
from analysis.design.scale import SCALES, changed, preset
from analysis.design.shown import Kept
from train.stages.circumstances import commit, read_made
from train.stages.disk import write_json
from train.stages.reading import read_object, reading
from train.stages.stage import closure

SCHEMA = 1
ANALYSIS = Path(__file__).parent.parent
FOUND = ANALYSIS / "found"  # of the studies of this package
KEPT = (
    "name",
    "statement",
    "verdict",
    "test",
    "difference",
    "low",
    "high",
    "level",
    "margin",
    "unit",
    "n",
    "dropped",
    "p",
    "sign_flip_p",
    "needed",
)
TRIAL = "smoke"  # the scale of trial runs, whose numbers mean nothing
DIGITS = 4


def found(results: Results, registration: Registration) -> dict[str, object]:
    """The findings of a run, with all that says which run it was."""
    study, seeds = results.study, results.setting.seeds
    unlike = differences(registration, study, results.cells)
    return {
        "schema": SCHEMA,
        "study": study.name,
        "question": study.question,
        "source": study.source,
        "version": {"synthtasks": _version(), "commit": commit(), "registered": registration.hash, "at": registration.at},
        "scale": preset(results.setting.scale),
        "seeds": list(seeds),
        "cpu_minutes": _minutes(results),
        "look": study.looks.describe(len(seeds)),
        "changed": [d.what for d in unlike if d.decides],  # since it was registered
        "added": [d.what for d in unlike if not d.decides],  # claims without a test
        "note": results.note,
        "published": [vars(p) for p in study.card.published],
        "findings": [{key: round(v, DIGITS) if isinstance(v := f.record()[key], float) else v for key in KEPT} for f in results.findings],
    }


def keep(results: Results, registration: Registration, folder: Path, whole: bool) -> tuple[Path, ...]:
    """Write `found.json` into the study's folder, and into `analysis/found` if it is a study of this package in its own setting (`whole`)
    at a planned look, as it was registered but for claims without a test. The files that were written."""
    study, scale, record = results.study, preset(results.setting.scale), found(results, registration)
    files = [folder / "found.json"]
    planned = study.looks.number(len(results.setting.seeds)) is not None
    if whole and planned and not record["changed"] and scale != TRIAL and not changed(results.setting.scale, SCALES[scale]):
        files.append(FOUND / f"{study.name}.json" if scale == "cpu" else FOUND / f"{study.name}-{scale}.json")
    for file in files:
        file.parent.mkdir(exist_ok=True)
        write_json(file, record)
    return tuple(files)


def read_found(name: str) -> Mapping[str, object]:
    """The findings that are kept of a study of this package.

    Raises:
        Malformed: if there are none, or they cannot be read.
    """
    with reading(file := FOUND / f"{name}.json", f"`python -m analysis run {name}` writes it"):
        said = read_object(file)
        if said["schema"] != SCHEMA:
            raise ValueError(f"it has schema {said['schema']}; this version reads {SCHEMA}")
    return said


def kept_findings(name: str) -> Mapping[str, Kept]:
    """The kept findings of a study that have an interval, by their names; none, where the study is none of this package.

    Raises:
        Malformed: if they cannot be read.
    """
    if not (FOUND / f"{name}.json").exists():
        return {}
    every = json.loads(json.dumps(read_found(name)["findings"]))
    return {f["name"]: Kept(f["difference"], f["low"], f["high"], f["n"]) for f in every if f["low"] is not None}


def front() -> str:
    """The headline of every study whose findings are kept as a table for README: the first claim of each, and the count of the others. Of
    runs at several scales it is that with the most seeds."""
    kept = [json.loads(json.dumps(dict(read_found(file.stem)))) for file in sorted(FOUND.glob("*.json"))]
    most = {said["study"]: said for said in sorted(kept, key=lambda said: len(said["seeds"]))}
    lines = ["| study | question | headline | difference, points [interval] | seeds | verdict | the other claims |", f"|{'---|' * 7}"]
    for name, said in sorted(most.items()):
        first, *others = [f for f in said["findings"] if f["verdict"] != "reported"]
        counts = Counter(f["verdict"] for f in others)
        rest = ", ".join(f"{counts[verdict]} {verdict}" for verdict in sorted(counts)) or "none"
        bounds = difference(first["test"], first["difference"], first["low"], first["high"])
        headline, seeds = first["statement"].strip(". "), str(len(said["seeds"]))
        (file,) = (ANALYSIS / "studies").rglob(f"{name}.py")
        cells = (
            f"[`{name}`]({file.relative_to(ANALYSIS.parent).as_posix()})",
            said["question"],
            headline,
            bounds,
            seeds,
            first["verdict"],
            rest,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def markdown(said: Mapping[str, object]) -> str:
    """The tested claims of a study as a table for README."""
    lines = ["| claim | difference, points [interval] | margin | verdict |", "|---|---|---|---|"]
    for f in (f for f in json.loads(json.dumps(said["findings"])) if f["verdict"] != "reported"):
        statement = f"{f['name'].split(' ')[0]}. {f['statement'].removeprefix('... ').strip('. ')}"
        margin = f"{'within' if f['test'] == 'same' else 'more than'} {f['margin']:g}{' % of seeds' * (f['test'] == 'share')}"
        lines.append(f"| {statement} | {difference(f['test'], f['difference'], f['low'], f['high'])} | {margin} | {f['verdict']} |")
    return "\n".join(lines)


def difference(test: str, mean: float | None, low: float | None, high: float | None) -> str:
    """A difference with its interval, as pages print it."""
    if mean is None:
        return "undefined"
    if test == "share":
        return f"{mean:.0f} % of seeds [{low:.0f}, {high:.0f}]"
    bounds = "" if low is None or high is None else f" [{low:+z.1f}, {high:+z.1f}]"
    return f"{mean:+z.1f}{bounds}".replace("-", "−")


def _minutes(results: Results) -> float:
    """The minutes of processor that the study's stages took, a seed; a stage that other studies share counts in each."""
    folders = [results.store.path(stage) for stage in closure([s for cell in results.cells for s in cell.stages])]
    spent = sum(read_made(folder).cpu_seconds for folder in folders if (folder / "run.json").exists())
    return round(spent / 60 / len(results.setting.seeds), 1)


def _version() -> str:
    try:
        return version("synthtasks")
    except PackageNotFoundError:  # run from a checkout, of which the commit says more
        return "not installed"
