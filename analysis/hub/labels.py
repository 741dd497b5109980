"""Which policy is which: the studies, cells and seeds that use a stage."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import islice
from pathlib import Path

from analysis.design.scale import CPU, SIZES
from analysis.design.study import Setting
from analysis.measures.facts import Cell, Labels
from analysis.running.references import readable
from analysis.studies import STUDIES
from train.stages.reading import read_object, reading
from train.stages.stage import Stage, closure

SEEDS = 64  # that are looked through, where a study does not say which it has


@dataclass(frozen=True)
class Use:
    """The place of a stage in a study."""

    study: str  # the name of its folder
    seed: int | None = None  # None: the study is of a file that is not here
    cells: tuple[Labels, ...] = ()  # those that build on it
    called: tuple[str, ...] = ()  # its names there, if it is no step to others only


def uses(stage: Stage, out: Path) -> Iterator[Use]:
    """The uses of a stage by the studies of this package in a folder of results, one for each study and seed; of other studies, their
    names.

    Raises:
        Malformed: if the setting of such a study cannot be read.
    """
    for file in sorted(out.glob("*/setting.json")):
        known = readable(file.parent)
        if str(stage) in {*known.wanted, *known.reported}:
            yield from list(islice(_of_seeds(stage, file), SEEDS)) or [Use(file.parent.name)]


def _of_seeds(stage: Stage, file: Path) -> Iterator[Use]:
    for seed, cells in _seeds(file):
        mine = [cell for cell in cells if stage in closure(cell.stages)]
        if mine:
            called = dict.fromkeys(n for cell in mine for n, s in cell.named if s == stage)
            yield Use(file.parent.name, seed, tuple(cell.labels for cell in mine), tuple(called))
            return  # a stage of a later seed is another


def _seeds(file: Path) -> Iterator[tuple[int, list[Cell]]]:
    """The cells of each seed of the study whose setting is in a file; none, if it is no study of this package."""
    with reading(file):
        record = read_object(file)
        study = STUDIES.get(str(record.get("study")))
        if study is None:
            return
        options = {f.name: _plain(record[f.name]) for f in fields(study.options) if f.name in record}  # type: ignore[arg-type]
        scale = replace(CPU, **{size: record[size] for size in SIZES if size in record})  # type: ignore[arg-type]
        setting = Setting(scale, (), replace(study.options, **options))  # type: ignore[type-var]
        only, seeds = record.get("only") or {}, record.get("seeds")
    for seed in seeds if isinstance(seeds, list) else range(SEEDS):
        yield seed, [cell for cell in study.cells(setting, seed) if only.items() <= dict(cell.labels).items()]  # type: ignore[attr-defined]


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
