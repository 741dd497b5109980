"""Which results a study stands on: said in `stages.json` of its own folder, so that the others can be told apart and removed."""

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
    """The names of stages: `wanted` by the latest run of a study, or by one before it that wanted all of that and more; and
    those on which its report stands."""

    wanted: tuple[str, ...] = ()
    reported: tuple[str, ...] = ()


def read_references(folder: Path) -> References:
    """The stages that a study's folder refers to; none, where it has not been run.

    Raises:
        Malformed: if its record cannot be read.
    """
    file = folder / FILE
    if not os.path.lexists(file):
        return References()
    with reading(file, "Run the study again, which writes it anew, or remove its folder"):
        said = read_object(file)
        if said["schema"] != SCHEMA:
            raise ValueError(f"it has schema {said['schema']}; this version reads {SCHEMA}")
        return References(_texts(said["wanted"]), _texts(said["reported"]))


def _texts(said: object) -> tuple[str, ...]:
    if not isinstance(said, list):
        raise ValueError(f"expected a list of stages, found {str(said)[:40]}")
    return tuple(a_text(name) for name in said)


def known_names(folder: Path) -> set[str]:
    """All stages that a study's folder refers to; none, where it does not say so in a way that can be read."""
    before = _before(folder)
    return {*before.wanted, *before.reported}


def begin(folder: Path, stages: Iterable[Stage]) -> None:
    """Say, before a study runs, what it wants. What its last report stands on stays said, and what it wanted when more was asked."""
    before, names = _before(folder), names_of(stages)
    _write(folder, References(_wanted(before, names), before.reported))


def finish(folder: Path, stages: Iterable[Stage]) -> None:
    """Say on what the report that is there now stands."""
    before, names = _before(folder), names_of(stages)
    _write(folder, References(_wanted(before, names), names))


def finished(folder: Path, stages: Iterable[Stage]) -> bool:
    """True if the report that is there stands on these stages, and no others."""
    return read_references(folder).reported == names_of(stages)


def _before(folder: Path) -> References:
    try:
        return read_references(folder)
    except ValueError:
        return References()  # to be written anew


def _wanted(before: References, names: tuple[str, ...]) -> tuple[str, ...]:
    return before.wanted if set(names) <= set(before.wanted) else names


def names_of(stages: Iterable[Stage]) -> tuple[str, ...]:
    """The names of stages and of all that they stand on, in order."""
    return tuple(sorted(str(s) for s in closure(stages)))


def _write(folder: Path, references: References) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / FILE, {"schema": SCHEMA, **vars(references)})
