"""Reruns: a result is made again from its folder alone, in another store, and compared file by file."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from analysis.running.imported import Unreadable, imported
from analysis.running.plan import physical_memory
from train.stages.circumstances import read_made
from train.stages.disk import Unwritable
from train.stages.machine import Machine
from train.stages.reading import Malformed, read_json, reading, shown, why
from train.stages.seal import VARYING, digest
from train.stages.stage import Stage, closure
from train.stages.store import Store

Match = Literal["equal", "differs", "only there", "only here", "not there to compare with"]
MOST = 1_000_000  # steps, iterations, words, ...: a foreign file that asks for more is refused
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
    """A file of a result, compared with the same file of the rerun."""

    stage: Stage
    file: str
    match: Match


def read_folder(folder: Path, allow: tuple[str, ...] = ()) -> Recorded:
    """The record in `stage.json` and `run.json`; classes are looked up in the project's packages and in the allowed ones.

    Raises:
        ValueError: if the folder holds no expression that this version of the code can make, or this machine has too little memory for it.
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
        if large := [s for s in closure((stage,)) if s.memory > physical_memory()]:
            raise ValueError(f"this machine has no memory for the {large[0].memory / 4:,.0f} weights of {large[0]}")
    made = read_made(folder)
    return Recorded(stage, made.machine, made.commit, made.versions)


def _counts(record: object) -> Iterator[int]:
    """All numbers in a record but seeds, which may be large."""
    if isinstance(record, int | float):
        yield math.ceil(abs(record))
    elif isinstance(record, list | dict):
        for value in [v for k, v in record.items() if k != "seed"] if isinstance(record, dict) else record:
            yield from _counts(value)


def rerun(recorded: Recorded, there: Path, out: Path) -> Iterator[Comparison]:
    """Make the stage, and all that it builds on, in a store at `out`, and compare every file with the one in the store `there`.

    Raises:
        ValueError: if both stores are the same, or a stage fails.
    """
    if out.resolve() == there.resolve():
        raise ValueError(f"{out} is where the result lies that is to be made again; give another folder, or none for a temporary one")
    store = Store(out, recorded.machine)
    for stage in closure((recorded.stage,)):
        try:
            made = store.get(stage)
        except (Malformed, Unwritable):
            raise
        except Exception as reason:  # a stage may raise anything on values that it was not written for
            raise ValueError(f"{shown(there)}/{stage} could not be made again: {type(reason).__name__}: {why(reason)}. {CAUSE}") from reason
        yield from compare(stage, there / made.name, made)


def compare(stage: Stage, there: Path, here: Path) -> Iterator[Comparison]:
    """The files of two folders of a stage, without those that differ between equal runs."""
    if not there.is_dir():
        yield Comparison(stage, "", "not there to compare with")
        return
    old, new = ({f.relative_to(d).as_posix(): f for f in d.rglob("*") if f.is_file()} for d in (there, here))
    for name in sorted((old.keys() | new.keys()) - VARYING):
        same = name in old and name in new and digest(old[name]) == digest(new[name])
        yield Comparison(
            stage, name, "equal" if same else "only there" if name not in new else "only here" if name not in old else "differs"
        )
