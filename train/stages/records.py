"""What the folder of a finished stage says of how it was made, read back: `run.json`, and `ledger.json`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from synthtasks.checked import check
from train.ledger import Ledger
from train.stages.machine import Machine
from train.stages.reading import a_count, a_number, a_text, an_object, parse, read_object, reading

LONGEST = 1e12  # seconds: sums of these are finite
MOST = {"threads": 4_096, "rows": 1 << 24}  # of a machine on which something is to be made again


@dataclass(frozen=True)
class Made:
    """The circumstances of a stage; see `circumstances`. Of those that were not always recorded, nothing where they are not there."""

    seconds: float
    cpu_seconds: float
    peak_memory_mb: int
    finished: str
    device: str
    python: str
    machine: Machine
    versions: Mapping[str, str]
    commit: Mapping[str, object] | None


def read_made(folder: Path) -> Made:
    """The circumstances of the stage in `folder`.

    Raises:
        Malformed: if they cannot be read.
    """
    with reading(file := folder / "run.json"):
        said = read_object(file)
        finished, device, python = (a_text(said.get(what, "")) for what in ("finished", "device", "python"))
        return Made(
            a_number(said["seconds"], 0, LONGEST),
            a_number(said.get("cpu_seconds", 0), 0, LONGEST),
            a_count(said["peak_memory_mb"]),
            finished,
            device,
            python,
            _machine(an_object(said.get("machine", {}))),
            {package: a_text(version) for package, version in an_object(said.get("versions", {})).items()},
            None if said.get("commit") is None else an_object(said["commit"]),
        )


def _machine(said: Mapping[str, object]) -> Machine:
    machine = Machine(**{f.name: said[f.name] for f in fields(Machine) if f.name in said})  # type: ignore[arg-type]  # checked next
    check(machine)
    for what, most in MOST.items():
        if not 1 <= getattr(machine, what) <= most:
            raise ValueError(f"expected 1 to {most:,} {what}, found {getattr(machine, what)}")
    return machine


def read_ledger(folder: Path) -> Ledger:
    """What the stage in `folder` cost; nothing, where it keeps no ledger.

    Raises:
        Malformed: if its ledger cannot be read.
    """
    if not os.path.lexists(file := folder / "ledger.json"):
        return Ledger()
    with reading(file):
        said = read_object(file)
        if unknown := said.keys() - {f.name for f in fields(Ledger)}:
            raise ValueError(f"this version knows nothing of {', '.join(sorted(unknown))}")
        return Ledger(**{what: a_count(number) for what, number in said.items()})


def read_note(line: bytes) -> dict[str, float]:
    """A line of `metrics.jsonl`: the number of the iteration, and what was measured in it, which need not be finite.

    Raises:
        ValueError: if it is none.
    """
    note = an_object(parse(line))
    if odd := [name for name in note if not name.isprintable() or not name]:
        raise ValueError(f"expected names of metrics, found {odd[0]!r}")
    a_count(note["iteration"])
    if odd := [name for name, value in note.items() if type(value) is not float and not (type(value) is int and abs(value) < 2**63)]:
        raise ValueError(f"{odd[0]} of iteration {note['iteration']} is no number")
    return note  # type: ignore[return-value]  # as was just seen
