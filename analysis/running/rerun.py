"""Making a result again from its folder alone, in a store of its own, and comparing the two file by file."""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from analysis.running.imported import Unreadable, imported
from train.stages.circumstances import read_made
from train.stages.disk import Unwritable
from train.stages.machine import Machine
from train.stages.reading import Malformed, read_json, reading, shown, why
from train.stages.seal import VARYING, digest
from train.stages.stage import Stage, closure
from train.stages.store import Store

Verdict = Literal["equal", "differs", "only there", "only here", "not there to compare with"]
MOST = 1_000_000  # steps, iterations, words, ...: who asks for more does not get it by a file that somebody else wrote
CAUSE = "Run the code that asked for it, which shows where"


@dataclass(frozen=True)
class Recorded:
    """The record of a result's folder."""

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
    """The record in `stage.json` and `run.json`; classes are looked up in the project's packages and in those that are allowed.

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
    if large := [s for s in closure((stage,)) if s.memory > memory]:
        raise ValueError(f"this machine has no memory for the {large[0].memory / 4:,.0f} weights of {large[0]}")


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
