"""Requests: a study, a setting, and a folder for the results, made from the command line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from analysis.cli.owned import Owner, owner, refuse_other
from analysis.design.checks import check_study
from analysis.design.scale import Scale, at_a_time
from analysis.design.study import Setting, Study
from analysis.measures.facts import Cell
from analysis.report.titles import titles
from synthtasks.checked import From
from synthtasks.console.mistakes import meant
from train.learn import Learn
from train.stages.stage import Stage, Tracker, name
from train.stages.store import Store
from train.trackers import Csv, TensorBoard, Wandb

TRACKERS: Mapping[str, Callable[[Path, Mapping[str, str]], Tracker]] = {"csv": Csv, "tensorboard": TensorBoard, "wandb": Wandb}


@dataclass(frozen=True)
class Request:
    """A study, a setting, and a folder for the results.

    Raises:
        ValueError: if no cell is requested, or a cell or a claim would surely fail later.
    """

    study: Study
    setting: Setting
    only: Mapping[str, str]
    out: Path
    jobs: int
    tracker: Tracker | None = None

    def __post_init__(self) -> None:
        self.cells()  # raises if there are none
        check_study(self.study, self.setting)

    @property
    def owner(self) -> Owner:
        """The owner of the folder. Jobs, machine and tracker are no part of it."""
        return owner(self.study, self.setting, self.only)

    @property
    def name(self) -> str:
        """The name of the folder, a short form of the request. Requests with one store share their stages."""
        return self.owner.name

    @property
    def folder(self) -> Path:
        return self.out / self.name

    @property
    def store(self) -> Store:
        return Store(self.out / "stages", self.setting.scale.machine, tracker=self.tracker)

    def cells(self) -> tuple[Cell, ...]:
        """The requested cells.

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
        """Check that the folder is free, or belongs to this setting.

        Raises:
            ValueError: if it belongs to another.
        """
        refuse_other(self.folder, self.owner, stages_of(self.cells()))


def stages_of(cells: Sequence[Cell]) -> tuple[Stage, ...]:
    """The stages that must be done before the cells can be measured."""
    return tuple(s for cell in cells for s in cell.stages)


def labelled(only: str, study: Study) -> dict[str, str]:
    """The labels in `axis=value,axis=value`, in the order of the study.

    Raises:
        ValueError: if the text is not of that form, names an axis twice, or one that the study does not have.
    """
    given = [label.split("=") for label in only.split(",") if label]
    if any(len(label) != 2 for label in given) or len(labels := dict(given)) < len(given):
        raise ValueError(f"--only takes axis=value,axis=value, each axis once; found {only!r}")
    for axis, value in labels.items():
        if value not in study.axes.get(axis, ()):
            known = "; ".join(f"{a}={'|'.join(v)}" for a, v in study.axes.items())
            near = meant(f"{axis}={value}", [f"{a}={v}" for a, values in study.axes.items() for v in values])
            raise ValueError(f"--only knows {known}; found {axis}={value}. {near.capitalize()}".rstrip())
    return {axis: labels[axis] for axis in study.axes if axis in labels}


def request(study: Study, scale: Scale, first_seed: int, options: object, only: str, out: Path, jobs: int | None) -> Request:
    """A request for as many seeds as the scale has, checked before anything runs.

    Raises:
        ValueError: if an option or a label is unknown, a number is out of range, a stage or a claim would surely fail later, or the
            folder belongs to another setting.
        NotADirectoryError: if the results would lie in a file.
    """
    for option, found, numbers in (("first-seed", first_seed, From(0)), ("jobs", jobs, From(1))):
        if found is not None and found not in numbers:
            raise ValueError(f"--{option} is {numbers}; found {found}")
    setting = Setting(scale, tuple(range(first_seed, first_seed + scale.seeds)), options)
    made = Request(study, setting, labelled(only, study), a_folder(out), jobs or at_a_time(scale.machine))
    made.refuse_other()
    return made


def a_folder(out: Path) -> Path:
    """The path, if a folder exists or can be made there.

    Raises:
        NotADirectoryError: if it, or a parent, is a file.
    """
    there = next(p for p in (out, *out.absolute().parents) if p.exists())
    if not there.is_dir():
        raise NotADirectoryError(f"--out takes a folder, and makes it where there is none; {there} is a file")
    return out


def logged(request: Request, logger: str) -> Request:
    """The request with a logger of `TRACKERS`, which writes the metrics into `logs/` beside the stages as well.

    Raises:
        ValueError: if the logger is not installed.
    """
    stages = titles(request.cells()).items()
    names = {name(stage): title.split(" (shared")[0] for stage, title in stages if isinstance(stage, Learn)}
    return replace(request, tracker=TRACKERS[logger](request.out / "logs" / logger, names))
