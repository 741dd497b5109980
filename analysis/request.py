"""What somebody asks for: a study, a setting, and where its results lie; from what was typed."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from analysis.progress import titles
from analysis.scale import SCALES, Scale
from analysis.study import Cell, Setting, Study
from train.learn import Learn
from train.stage import Stage, name
from train.store import Store
from train.trackers import Csv, TensorBoard, Tracker, Wandb

TRACKERS: Mapping[str, Callable[[Path, Mapping[str, str]], Tracker]] = {"csv": Csv, "tensorboard": TensorBoard, "wandb": Wandb}


@dataclass(frozen=True)
class Request:
    """A study, a setting, and where its results lie."""

    study: Study
    setting: Setting
    only: Mapping[str, str]
    out: Path
    jobs: int
    tracker: Tracker | None = None

    @property
    def name(self) -> str:
        """What is asked, shortly: the name of its folder. Requests with one store share their stages."""
        withheld = "" if self.setting.withhold == Setting(self.setting.scale).withhold else "-" + "-".join(self.setting.withhold)
        first, last = self.setting.seeds[0], self.setting.seeds[-1]
        seeds = f"-seeds-{first}-{last}" if first else ""
        return self.study.name + withheld + seeds + "".join(f"-{v}" for v in self.only.values() if v != "none")

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
        every = tuple(self.study.cells(self.setting))
        chosen = tuple(c for c in every if self.only.items() <= dict(c.labels).items())
        if not chosen:
            raise ValueError(f"no cell has {dict(self.only)}; cells are labelled like {dict(every[0].labels)}")
        return chosen


def stages_of(cells: Sequence[Cell]) -> tuple[Stage, ...]:
    """What must have run before the cells can be measured."""
    return tuple(s for cell in cells for s in cell.stages())


def cores() -> int:
    """Processors that this process may use: a cluster gives a job some of a machine's."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def overridden(scale: Scale, values: Mapping[str, object]) -> Scale:
    """The scale, with the fields that were given."""
    known = {f.name for f in fields(Scale)}
    return replace(scale, **{k: v for k, v in values.items() if k in known and v is not None})  # type: ignore[arg-type]


def request(
    study: Study,
    scale: str,
    overrides: Mapping[str, object],
    seeds: int | None,
    first_seed: int,
    withhold: Sequence[str],
    only: str,
    out: Path | None,
    jobs: int | None,
    devices: int = 1,
) -> Request:
    """What was typed, checked.

    Raises:
        ValueError: if a primitive or a label is unknown, or a number makes no sense.
        NotADirectoryError: if the results are to lie in a file.
    """
    chosen = overridden(SCALES[scale], overrides)
    count = chosen.seeds if seeds is None else seeds
    if count < 1:
        raise ValueError(f"a study needs at least one seed; found --seeds {count}")
    if jobs is not None and jobs < 1:
        raise ValueError(f"at least one stage runs at a time; found --jobs {jobs}")
    if devices < 1:
        raise ValueError(f"a stage learns on at least one device; found --devices {devices}")
    chosen = replace(chosen, machine=replace(chosen.machine, devices=devices))
    setting = Setting(chosen, tuple(withhold), tuple(range(first_seed, first_seed + count)))
    try:
        labels = dict(part.split("=") for part in only.split(",") if part)
    except ValueError:
        raise ValueError(f"--only takes axis=value,axis=value; found {only!r}") from None
    for axis, value in labels.items():
        if value not in study.labels.get(axis, ()):
            known = "; ".join(f"{a}={'|'.join(v)}" for a, v in study.labels.items())
            raise ValueError(f"--only knows {known}; found {axis}={value}")
    room = cores() // (chosen.machine.threads * devices)
    return Request(study, setting, labels, a_folder(out or Path("runs") / scale), jobs or max(1, room))


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
    """The same, with metrics that go to a logger of `TRACKERS` as well, into `logs/` beside the stages.

    Raises:
        ValueError: if it is not installed.
    """
    said = {name(stage): title.split(" (shared")[0] for stage, title in titles(asked.cells()).items() if isinstance(stage, Learn)}
    return replace(asked, tracker=TRACKERS[logger](asked.out / "logs" / logger, said))
