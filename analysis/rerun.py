"""Making a result again from its folder alone, in a store of its own, and comparing the two file by file."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.command import plural
from analysis.progress import minutes
from train.artifacts import VARYING, digest
from train.circumstances import commit, versions
from train.expression import Unreadable
from train.imported import PACKAGES, imported
from train.machine import Machine
from train.stage import Stage, closure
from train.store import Store

Verdict = Literal["equal", "differs", "only there", "only here", "not there to compare with"]
COLOURS = {"equal": "green", "differs": "red", "only there": "red", "only here": "red", "not there to compare with": "yellow"}


@dataclass(frozen=True)
class Recorded:
    """What a result's folder says of itself."""

    stage: Stage
    machine: Machine
    commit: object
    versions: object


@dataclass(frozen=True)
class Comparison:
    """A file of a result that was made again."""

    stage: Stage
    file: str
    verdict: Verdict


def read_folder(folder: Path, allow: tuple[str, ...] = ()) -> Recorded:
    """What `stage.json` and `run.json` say; classes are looked up in the project's packages and in those that are allowed.

    Raises:
        ValueError: if the folder holds no expression that this version of the code can make.
        FileNotFoundError: if it is no folder of a result.
    """
    for file in ("stage.json", "run.json"):
        if not (folder / file).exists():
            raise FileNotFoundError(f"{folder} is no folder of a result: expected {file} in it, as in DIR/stages/Kind-hash")
    try:
        stage = imported(json.loads((folder / "stage.json").read_bytes()), folder.resolve().name, (*PACKAGES, *allow))
        run = json.loads((folder / "run.json").read_bytes())
        machine = Machine(**{f.name: run["machine"][f.name] for f in fields(Machine) if f.name in run["machine"]})
    except Unreadable as reason:
        raise ValueError(f"{folder / 'stage.json'} cannot be made again: {reason}") from reason
    except (ValueError, KeyError, TypeError) as reason:
        raise ValueError(f"{folder} is damaged: stage.json or run.json cannot be read ({type(reason).__name__}: {reason})") from None
    return Recorded(stage, machine, run.get("commit"), run.get("versions"))


def rerun(recorded: Recorded, there: Path, out: Path) -> Iterator[Comparison]:
    """Make the stage, and all that it stands on, in a store at `out`; every file as it compares with that in the store `there`.

    Raises:
        ValueError: if both stores are one.
    """
    if out.resolve() == there.resolve():
        raise ValueError(f"{out} is where the result lies that is to be made again; give another folder, or none for a temporary one")
    store = Store(out, recorded.machine)
    for stage in closure((recorded.stage,)):
        made = store.get(stage)
        for file, verdict in compare(there / made.name, made):
            yield Comparison(stage, file, verdict)


def compare(there: Path, here: Path) -> Iterator[tuple[str, Verdict]]:
    """Every file of two folders, less those that differ between equal runs."""
    if not there.is_dir():
        yield "", "not there to compare with"
        return
    names = ({f.relative_to(d).as_posix() for f in d.rglob("*") if f.is_file()} - VARYING for d in (there, here))
    old, new = names
    for name in sorted(old | new):
        if name not in new:
            yield name, "only there"
        elif name not in old:
            yield name, "only here"
        else:
            yield name, "equal" if digest(there / name) == digest(here / name) else "differs"


def announce(recorded: Recorded, there: Path, console: Console) -> None:
    """What has to be made again, and how long that took, as far as it is there to say so."""
    stages = closure((recorded.stage,))
    records = [file for stage in stages if (file := there / str(stage) / "run.json").exists()]
    took = minutes(sum(json.loads(file.read_bytes())["seconds"] for file in records))
    console.print(f"{plural(len(stages), 'stage')} to make again, one at a time; the first time they took {took}", highlight=False)


def show(folder: Path, out: Path, allow: tuple[str, ...], console: Console) -> int:
    """Do it, and say what came of it; 1 if a bit differs."""
    recorded = read_folder(folder, allow)
    announce(recorded, folder.resolve().parent, console)
    for what, then, now in (("commit", recorded.commit, commit()), ("versions", recorded.versions, versions())):
        if then != now:
            console.print(f"note: made with {what} {then}; here it is {now}", style="yellow")
    found = list(rerun(recorded, folder.resolve().parent, out))
    table = Table("stage", "file", "", box=None, padding=(0, 2), header_style="dim")
    for c in found:
        table.add_row(str(c.stage), c.file, Text(c.verdict, COLOURS[c.verdict]))
    console.print(table)
    equal, missing = (sum(c.verdict == v for c in found) for v in ("equal", "not there to compare with"))
    different = len(found) - equal - missing
    unknown = f", {missing} stages are not there to compare with" if missing else ""
    console.print(f"{equal} files are equal to the bit, {different} are not{unknown}", highlight=False)
    return 1 if different else 0
