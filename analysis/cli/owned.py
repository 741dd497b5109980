"""Owners of folders: every setting has a folder of its own, named after it, whose `setting.json` says which setting that is."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from analysis.design.scale import SCALES, SIZES, Scale, changed, preset
from analysis.design.study import Setting, Study
from analysis.running.references import REPORTED, names_of, readable
from train.stages.disk import write_json
from train.stages.reading import Malformed, read_object, reading
from train.stages.stage import Stage

FILE = "setting.json"
SCHEMA = 2  # in 1 sizes had other names
WORDS = 3  # changes of a scale that a name spells out; more than these are hashed
SHOWN = 3  # differences that a message lists


@dataclass(frozen=True)
class Owner:
    """The identity of a folder of results. The number of jobs and the machine are no part of it."""

    name: str  # of the folder
    facts: Mapping[str, object]  # study, options, seeds, labels and sizes, as JSON, under the words of the command line


def owner(study: Study, setting: Setting, only: Mapping[str, str]) -> Owner:
    """The owner of the folder that belongs to these cells of a setting."""
    scale, seeds = setting.scale, setting.seeds
    first, last = min(seeds, default=0), max(seeds, default=0)
    in_a_row = seeds == tuple(range(first, last + 1))
    only = {axis: only[axis] for axis in study.axes if axis in only}  # in one order, however they were typed
    options, usual = (json.loads(json.dumps(vars(of), default=str)) for of in (setting.options, study.options))
    words = [study.name, *_changes(scale)]
    for option in (o for o in options if options[o] != usual.get(o)):
        words += [option, *map(str, options[option] if isinstance(options[option], list) else [options[option]])]
    if not in_a_row or first:
        words += ["seeds", *map(str, (first, last) if in_a_row else seeds)]
    words += [_word(study, axis, value) for axis, value in only.items()]
    name = re.sub(r"[^\w.]+", "-", "-".join(words))  # values may hold characters that no folder name has
    counted = list(seeds) if first or not in_a_row else "from 0"  # however many, since more of them extend a study
    return Owner(name, {"study": study.name, **options, "seeds": counted, "only": only, **{f: getattr(scale, f) for f in SIZES}})


def _changes(scale: Scale) -> list[str]:
    """The differences of a scale from its preset, in words."""
    found = changed(scale, SCALES[preset(scale)])
    if len(found) <= WORDS:
        return [f"{field.replace('_', '-')}-{_number(value)}" for field, value in found.items()]
    return [hashlib.sha256(json.dumps([_number(getattr(scale, f)) for f in SIZES]).encode()).hexdigest()[:8]]


def _number(x: int | float) -> str:
    return str(int(x) if x % 1 == 0 else x)  # 1 and 1.0 are one number


def _word(study: Study, axis: str, value: str) -> str:
    """A value; with its axis, if it says nothing alone, or another axis has it too."""
    alone = value != "none" and sum(value in values for values in study.axes.values()) == 1
    return value if alone else f"{axis}-{value}"


def refuse_other(folder: Path, mine: Owner, stages: Iterable[Stage]) -> None:
    """Check that a folder is free, or belongs to this owner. Without a record it does if it refers to all of the owner's stages, or only
    to some of them.

    Raises:
        ValueError: if it belongs to another setting.
    """
    record = _recorded(folder)
    if record is None:
        known, wanted = {*readable(folder).wanted, *readable(folder).reported}, set(names_of(stages))
        if not (known <= wanted or wanted <= known) or (not known and (folder / REPORTED).exists()):
            raise ValueError(
                f"{folder} holds results of other stages than {mine.name} asks for, and does not say of which setting: it was left by an "
                "earlier version. Rename it, which keeps its report and its stages, or choose another --out"
            )
        return
    record = {f.name: f.default for f in fields(Scale) if f.name in SIZES} | record  # defaults for sizes that were added since
    if other := [f"{what} {record.get(what)!r} there, {value!r} asked" for what, value in mine.facts.items() if record.get(what) != value]:
        more = f"; and {len(other) - SHOWN} more" if len(other) > SHOWN else ""
        raise ValueError(
            f"{folder} holds the results of another setting than {mine.name}; its setting.json says {record.get('name')}: "
            f"{'; '.join(other[:SHOWN])}{more}. Choose another --out, or give the folder back the name it had"
        )


def take(folder: Path, mine: Owner, stages: Iterable[Stage]) -> None:
    """Record the owner of a folder, before anything is written there. Only one process at a time may call this.

    Raises:
        ValueError: if it belongs to another setting.
    """
    refuse_other(folder, mine, stages)
    if _recorded(folder) is None:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / FILE, {"schema": SCHEMA, "name": mine.name, **mine.facts})


def _recorded(folder: Path) -> dict[str, object] | None:
    """The record of a folder; None if there is none that can be read: it is then written anew.

    Raises:
        ValueError: if a later version wrote it.
    """
    file = folder / FILE
    try:
        with reading(file):
            record = read_object(file)
            schema = record.pop("schema")
    except Malformed:
        return None
    if schema != SCHEMA:
        raise ValueError(f"{file} has schema {schema}; this version reads {SCHEMA}: use the version that wrote it, or another --out")
    return record
