"""References of a study: the results that it stands on, listed in `stages.json` of its folder, so that all others can be removed."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from train.stages.disk import write_json
from train.stages.reading import a_text, read_object, reading
from train.stages.stage import Stage, closure

FILE = "stages.json"
REPORTED = "facts.jsonl"  # lies in the folder of a study that has results
SCHEMA = 1


@dataclass(frozen=True)
class References:
    """The names of stages: `wanted` by the latest run of a study, or by an earlier run that wanted all of these and more; and `reported`,
    those on which its report stands."""

    wanted: tuple[str, ...] = ()
    reported: tuple[str, ...] = ()


def read_references(folder: Path) -> References:
    """The stages that a study's folder refers to; none, if the study has not been run.

    Raises:
        Malformed: if its record cannot be read.
    """
    file = folder / FILE
    if not os.path.lexists(file):
        return References()
    with reading(file, "Run the study again, which writes it anew, or remove its folder"):
        record = read_object(file)
        if record["schema"] != SCHEMA:
            raise ValueError(f"it has schema {record['schema']}; this version reads {SCHEMA}")
        return References(_texts(record["wanted"]), _texts(record["reported"]))


def _texts(names: object) -> tuple[str, ...]:
    if not isinstance(names, list):
        raise ValueError(f"expected a list of stages, found {str(names)[:40]}")
    return tuple(a_text(name) for name in names)


def readable(folder: Path) -> References:
    """The stages that a study's folder refers to; none, if its record is missing or cannot be read."""
    try:
        return read_references(folder)
    except ValueError:
        return References()


def begin(folder: Path, stages: Iterable[Stage]) -> None:
    """Record, before a study runs, the stages that it wants. Those of its last report stay, and those of a run that wanted more."""
    _write(folder, names_of(stages), readable(folder).reported)


def finish(folder: Path, stages: Iterable[Stage]) -> None:
    """Record the stages on which the present report stands."""
    names = names_of(stages)
    _write(folder, names, names)


def finished(folder: Path, stages: Iterable[Stage]) -> bool:
    """True if the present report stands on these stages, and no others."""
    return read_references(folder).reported == names_of(stages)


def names_of(stages: Iterable[Stage]) -> tuple[str, ...]:
    """The names of stages and of all that they build on, in order."""
    return tuple(sorted(str(s) for s in closure(stages)))


def _write(folder: Path, names: tuple[str, ...], reported: tuple[str, ...]) -> None:
    before = readable(folder).wanted
    wanted = before if set(names) <= set(before) else names
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / FILE, {"schema": SCHEMA, "wanted": wanted, "reported": reported})
