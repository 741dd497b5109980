"""Requests: a study, a setting, and where its results lie; from what was typed."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from analysis.cli.owned import Owner, owner, refuse_other
from analysis.design.checks import check_study
from analysis.design.scale import Scale
from analysis.design.study import Setting, Study
from analysis.measures.facts import Cell
from analysis.report.titles import titles
from synthtasks.checked import From
from train.learn import Learn
from train.stages.stage import Stage, Tracker, name
from train.stages.store import Store
from train.trackers import Csv, TensorBoard, Wandb

TRACKERS: Mapping[str, Callable[[Path, Mapping[str, str]], Tracker]] = {"csv": Csv, "tensorboard": TensorBoard, "wandb": Wandb}


@dataclass(frozen=True)
class Request:
    """A study, a setting, and where its results lie.

    Raises:
        ValueError: if there are no such cells, or if it can be known that they, or a claim, would fail before the end.
    """

    study: Study
    setting: Setting
    only: Mapping[str, str]
    out: Path
    jobs: int
    tracker: Tracker | None = None

    def __post_init__(self) -> None:
        self.cells()  # of which there are some
        check_study(self.study, self.setting)

    @property
    def owner(self) -> Owner:
        """To whom the folder belongs: the jobs, the machine and the tracker are no part of it."""
        return owner(self.study, self.setting, self.only)

    @property
    def name(self) -> str:
        """The name of its folder, which says shortly what is asked. Requests with one store share their stages."""
        return self.owner.name

    @property
    def folder(self) -> Path:
        return self.out / self.name

    @property
    def store(self) -> Store:
        return Store(self.out / "stages", self.setting.scale.machine, tracker=self.tracker)

    def cells(self) -> tuple[Cell, ...]:
        """The cells that were asked for.

        Raises:
            ValueError: if there are none.
        """
        return self._cells

    @cached_property
    def _cells(self) -> tuple[Cell, ...]:
        every = tuple(self.study.every(self.setting))
        chosen = tuple(c for c in every if self.only.items() <= dict(c.labels).items())
        if not chosen:
            like = f"cells are labelled like {dict(every[0].labels)}" if every else "there are none, since there are no seeds"
            raise ValueError(f"no cell has {dict(self.only)}; {like}")
        return chosen

    def refuse_other(self) -> None:
        """Make sure that the folder is free, or belongs to this setting.

        Raises:
            ValueError: if it belongs to another.
        """
        refuse_other(self.folder, self.owner, stages_of(self.cells()))


def stages_of(cells: Sequence[Cell]) -> tuple[Stage, ...]:
    """All stages that must have run before the cells can be measured."""
    return tuple(s for cell in cells for s in cell.stages)


def cores() -> int:
    """Processors that this process may use: a cluster gives a job some of a machine's."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def labelled(only: str, study: Study) -> dict[str, str]:
    """The labels that `axis=value,axis=value` says, in the order of the study.

    Raises:
        ValueError: if it is not of that form, names an axis twice, or what the study does not have.
    """
    given = [part.partition("=") for part in only.split(",") if part]
    labels = {axis: value for axis, _, value in given}
    if len(labels) < len(given) or any(not equals or "=" in value for _, equals, value in given):
        raise ValueError(f"--only takes axis=value,axis=value, each axis once; found {only!r}")
    for axis, value in labels.items():
        if value not in study.axes.get(axis, ()):
            known = "; ".join(f"{a}={'|'.join(v)}" for a, v in study.axes.items())
            raise ValueError(f"--only knows {known}; found {axis}={value}")
    return {axis: labels[axis] for axis in study.axes if axis in labels}


def request(study: Study, scale: Scale, first_seed: int, options: object, only: str, out: Path, jobs: int | None) -> Request:
    """A request for as many seeds as the scale says, checked: whatever can be known before it runs.

    Raises:
        ValueError: if an option or a label is unknown, a number makes no sense, something would fail before the end, or the
            folder belongs to another setting.
        NotADirectoryError: if the results are to lie in a file.
    """
    for option, found, numbers in (("first-seed", first_seed, From(0)), ("jobs", jobs, From(1))):
        if found is not None and found not in numbers:
            raise ValueError(f"--{option} is {numbers}; found {found}")
    setting = Setting(scale, tuple(range(first_seed, first_seed + scale.seeds)), options)
    room = cores() // scale.machine.threads
    asked = Request(study, setting, labelled(only, study), a_folder(out), jobs or max(1, room))
    asked.refuse_other()
    return asked


def a_folder(out: Path) -> Path:
    """Where results are to lie.

    Raises:
        NotADirectoryError: if that, or what it lies in, is a file.
    """
    there = next(p for p in (out, *out.absolute().parents) if p.exists())
    if not there.is_dir():
        raise NotADirectoryError(f"--out takes a folder, and makes it where there is none; {there} is a file")
    return out


def logged(asked: Request, logger: str) -> Request:
    """A request whose metrics go to a logger of `TRACKERS` as well, into `logs/` beside the stages.

    Raises:
        ValueError: if it is not installed.
    """
    said = {name(stage): title.split(" (shared")[0] for stage, title in titles(asked.cells()).items() if isinstance(stage, Learn)}
    return replace(asked, tracker=TRACKERS[logger](asked.out / "logs" / logger, said))
