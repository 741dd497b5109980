"""Whose a study's folder is: every setting has one of its own, named after it, which says in `setting.json` which setting that is."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from analysis.design.scale import SCALES, SIZES, Scale, changed, preset
from analysis.design.study import Setting, Study
from analysis.running.references import REPORTED, known_names, names_of
from train.stages.disk import write_json
from train.stages.reading import Malformed, read_object, reading
from train.stages.stage import Stage

FILE = "setting.json"
SCHEMA = 2  # in 1 sizes had other names
WORDS = 3  # changes of a scale that a name says in words; of more it has a hash
SHOWN = 3  # differences that a message lists


@dataclass(frozen=True)
class Owner:
    """The identity of a folder of results. How many stages run at once, and on what, is no part of it."""

    study: str
    sizes: Mapping[str, int | float]  # of the scale
    options: Mapping[str, object]  # of the study, as JSON
    seeds: tuple[int, ...] | None  # None: those from 0 on, as many as one likes, since more of them extend a study
    only: Mapping[str, str]
    name: str  # of the folder

    @property
    def facts(self) -> dict[str, object]:
        """All but the name, under the words of the command line."""
        seeds = "from 0" if self.seeds is None else list(self.seeds)
        return {"study": self.study, **self.options, "seeds": seeds, "only": dict(self.only), **self.sizes}


def owner(study: Study, setting: Setting, only: Mapping[str, str]) -> Owner:
    """The owner of the folder that belongs to these cells of a setting."""
    scale, seeds = setting.scale, setting.seeds
    first, last = min(seeds, default=0), max(seeds, default=0)
    in_a_row = seeds == tuple(range(first, last + 1))
    only = {axis: only[axis] for axis in study.axes if axis in only}  # in one order, however they were typed
    options, usual = (json.loads(json.dumps(vars(of), default=str)) for of in (setting.options, study.options))
    words = [study.name, *_changes(scale)]
    words += [word for option, value in options.items() if value != usual.get(option) for word in _option(option, value, len(options))]
    if not in_a_row or first:
        words += ["seeds", *map(str, (first, last) if in_a_row else seeds)]
    words += [_word(study, axis, value) for axis, value in only.items()]
    sizes = {f: getattr(scale, f) for f in SIZES}
    name = re.sub(r"[^\w.]+", "-", "-".join(words))  # values may hold what no folder is called
    return Owner(study.name, sizes, options, seeds if first or not in_a_row else None, only, name)


def _changes(scale: Scale) -> list[str]:
    """In what a scale differs from its preset."""
    found = changed(scale, SCALES[preset(scale)])
    if len(found) <= WORDS:
        return [f"{field.replace('_', '-')}-{_number(value)}" for field, value in found.items()]
    return [hashlib.sha256(json.dumps([_number(getattr(scale, f)) for f in SIZES]).encode()).hexdigest()[:8]]


def _number(x: int | float) -> str:
    return str(int(x) if x % 1 == 0 else x)  # 1 and 1.0 are one number


def _option(option: str, value: object, among: int) -> list[str]:
    """The words for a changed option; those of a study's only option go without its name."""
    words = [str(part) for part in value] if isinstance(value, list) else [str(value)]
    return words if isinstance(value, list) and among == 1 and words else [option, *words]


def _word(study: Study, axis: str, value: str) -> str:
    """A value; with its axis, where it says nothing alone, or another axis has it too."""
    alone = value != "none" and sum(value in values for values in study.axes.values()) == 1
    return value if alone else f"{axis}-{value}"


def refuse_other(folder: Path, mine: Owner, stages: Iterable[Stage]) -> None:
    """Make sure that a folder is free, or belongs to this owner.

    Raises:
        ValueError: if it belongs to another setting.
    """
    there = _recorded(folder)
    if there is None:
        _refuse_strangers(folder, mine, stages)
    else:
        sizes = {f.name: f.default for f in fields(Scale) if f.name in SIZES}  # for one that was added since
        _refuse_differences(folder, mine, sizes | there)


def take(folder: Path, mine: Owner, stages: Iterable[Stage]) -> None:
    """Say whose a folder is, before anything is written there. To be called by one process at a time.

    Raises:
        ValueError: if it belongs to another setting.
    """
    refuse_other(folder, mine, stages)
    if _recorded(folder) is None:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / FILE, {"schema": SCHEMA, "name": mine.name, **mine.facts})


def _refuse_strangers(folder: Path, mine: Owner, stages: Iterable[Stage]) -> None:
    """A folder that does not say whose it is is ours if it refers to some of our stages and to no other, or to all of them."""
    known = known_names(folder)
    if not known and not (folder / REPORTED).exists():
        return
    asked = set(names_of(stages))
    if not known or not (known <= asked or asked <= known):
        raise ValueError(
            f"{folder} holds results of other stages than {mine.name} asks for, and does not say of which setting: it was left by an "
            "earlier version. Rename it, which keeps its report and its stages, or choose another --out"
        )


def _refuse_differences(folder: Path, mine: Owner, there: Mapping[str, object]) -> None:
    asked = mine.facts
    other = [f"{what} {there.get(what)!r} there, {asked.get(what)!r} asked" for what in asked if there.get(what) != asked[what]]
    if other:
        more = f"; and {len(other) - SHOWN} more" if len(other) > SHOWN else ""
        raise ValueError(
            f"{folder} holds the results of another setting than {mine.name}; its setting.json says {there.get('name')}: "
            f"{'; '.join(other[:SHOWN])}{more}. Choose another --out, or give the folder back the name it had"
        )


def _recorded(folder: Path) -> dict[str, object] | None:
    """The record of a folder; None, where there is none that can be read, and it is written anew.

    Raises:
        ValueError: if a later version wrote it.
    """
    try:
        with reading(folder / FILE):
            record = read_object(folder / FILE)
            schema = record["schema"]
    except Malformed:
        return None
    if schema != SCHEMA:
        raise ValueError(
            f"{folder / FILE} has schema {schema}; this version reads {SCHEMA}: use the version that wrote it, or another --out"
        )
    return {what: value for what, value in record.items() if what != "schema"}
