"""Making a result again from its folder alone, in a store of its own, and comparing the two file by file."""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.cli.command import plural
from analysis.cli.screen import minutes
from analysis.running.imported import Unreadable, imported
from train.ledger import matrix_weights
from train.policy import Fresh
from train.stages.circumstances import commit, read_made, versions
from train.stages.disk import Unwritable
from train.stages.machine import Machine
from train.stages.reading import Malformed, printable, read_json, reading, shown, why
from train.stages.seal import VARYING, digest
from train.stages.stage import Stage, closure
from train.stages.store import Store

Verdict = Literal["equal", "differs", "only there", "only here", "not there to compare with"]
MOST = 1_000_000  # steps, iterations, words, ...: who asks for more does not get it by a file that somebody else wrote
CAUSE = "Run the code that asked for it, which shows where"
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
    for name in ("stage.json", "run.json"):
        if not (folder / name).exists():
            raise FileNotFoundError(f"{shown(folder)} is no folder of a result: expected {name} in it. Choose DIR/stages/Kind-hash")
    with reading(file := folder / "stage.json", "Choose the folder of another result"):
        record = read_json(file)
        if (absurd := max(_counts(record), default=0)) > MOST:
            raise ValueError(f"it asks for {absurd:,} of something, more than the {MOST:,} that are made again")
        try:
            stage = imported(record, folder.resolve().name, allow)
        except Unreadable as reason:
            raise ValueError(f"it cannot be made again: {reason}") from reason
        _fits(stage)
    made = read_made(folder)
    return Recorded(stage, made.machine, made.commit, made.versions)


def _counts(record: object) -> Iterator[int]:
    """Every number of things that a record asks for; seeds may be any number."""
    if isinstance(record, list):
        for part in record:
            yield from _counts(part)
    elif isinstance(record, dict):
        for name, part in record.items():
            yield from _counts(part) if name != "seed" else ()
    elif isinstance(record, int | float):
        yield math.ceil(abs(record))


def _fits(stage: Stage) -> None:
    """See that this machine has memory for all policies that are to be made.

    Raises:
        ValueError: if it has not.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else math.inf
    for policy in closure((stage,)):
        if isinstance(policy, Fresh) and 4 * matrix_weights(policy.config) > memory:
            raise ValueError(f"this machine has no memory for the {matrix_weights(policy.config):,} weights of {policy}")


def rerun(recorded: Recorded, there: Path, out: Path) -> Iterator[Comparison]:
    """Make the stage, and all that it stands on, in a store at `out`; every file as it compares with that in the store `there`.

    Raises:
        ValueError: if both stores are one, or a stage fails.
    """
    if out.resolve() == there.resolve():
        raise ValueError(f"{out} is where the result lies that is to be made again; give another folder, or none for a temporary one")
    store = Store(out, recorded.machine)
    for stage in closure((recorded.stage,)):
        try:
            made = store.get(stage)
        except (Malformed, Unwritable):
            raise
        except Exception as reason:  # whatever comes of values that no stage was written for
            raise ValueError(f"{shown(there)}/{stage} could not be made again: {type(reason).__name__}: {why(reason)}. {CAUSE}") from reason
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
    there_too = [folder for stage in stages if ((folder := there / str(stage)) / "run.json").exists()]
    took = minutes(sum(read_made(folder).seconds for folder in there_too))
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
        table.add_row(str(c.stage), printable(c.file), Text(c.verdict, COLOURS[c.verdict]))
    console.print(table)
    equal, missing = (sum(c.verdict == v for c in found) for v in ("equal", "not there to compare with"))
    different = len(found) - equal - missing
    unknown = f", {missing} stages are not there to compare with" if missing else ""
    console.print(f"{equal} files are equal to the bit, {different} are not{unknown}", highlight=False)
    return 1 if different else 0
