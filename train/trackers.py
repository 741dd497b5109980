"""Trackers send the metrics of learning to Lightning's loggers as well, one log for each stage. `metrics.jsonl` always holds them all.

A tracker is no part of a stage's identity, and changes no bit of its results. When a stage starts or resumes, its log is emptied and filled
again from `metrics.jsonl`, so that a killed run has no step twice. A step is a record of that file: an optimiser step, or an iteration
without one.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from train.stages.disk import remove
from train.stages.reading import read_note, reading
from train.stages.seal import Damaged
from train.stages.stage import Log, Stage, name

if TYPE_CHECKING:  # loggers are slow to import
    from lightning.fabric.loggers.logger import Logger


@dataclass(frozen=True)
class Csv:
    """A table for each stage: `folder/TITLE-hash/metrics.csv`, a row a step."""

    folder: Path
    titles: Mapping[str, str] = field(default_factory=dict)  # readable titles by stage name

    def __call__(self, stage: Stage) -> AbstractContextManager["Logger"]:
        from lightning.fabric.loggers.csv_logs import CSVLogger

        return _opened(CSVLogger, self.folder, called(stage, self.titles))


@dataclass(frozen=True)
class TensorBoard:
    """Event files for each stage, for `tensorboard --logdir folder`.

    Raises:
        ValueError: if tensorboard is not installed.
    """

    folder: Path
    titles: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        needs("tensorboard")

    def __call__(self, stage: Stage) -> AbstractContextManager["Logger"]:
        from lightning.fabric.loggers.tensorboard import TensorBoardLogger

        return _opened(TensorBoardLogger, self.folder, called(stage, self.titles))


@dataclass(frozen=True)
class Wandb:
    """A run for each stage at Weights & Biases. `WANDB_MODE=offline` keeps it in `folder`, to be sent by `wandb sync`; its identifier is
    the stage's name, so a stage that is run again replaces its run.

    Raises:
        ValueError: if wandb is not installed.
    """

    folder: Path
    titles: Mapping[str, str] = field(default_factory=dict)
    project: str = "synthtasks"

    def __post_init__(self) -> None:
        needs("wandb")

    @contextmanager
    def __call__(self, stage: Stage) -> Iterator["Logger"]:
        import wandb  # an extra
        from lightning.pytorch.loggers import WandbLogger  # half of Lightning, which takes seconds to import

        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            yield WandbLogger(called(stage, self.titles), self.folder, name(stage), project=self.project, resume=None)
        finally:
            if wandb.run is not None:
                wandb.finish()


def needs(package: str) -> None:
    """Check that an optional package is installed.

    Raises:
        ValueError: if it is not.
    """
    if find_spec(package) is None:
        raise ValueError(f"metrics are to go to {package}, which is not installed: pip install {package}, or choose another --logger")


def tell_again(log: Log | None, metrics: Path) -> int:
    """Replay to a log the metrics of a run before it was stopped; return the number of steps."""
    if log is None:
        return 0
    with reading(metrics, error=Damaged):
        notes = [read_note(line) for line in metrics.read_bytes().splitlines()]
    for step, note in enumerate(notes):
        log.log_metrics(note, step)
    return len(notes)


def called(stage: Stage, titles: Mapping[str, str]) -> str:
    """The name of a stage in a log: its title as one word, and its hash."""
    title = titles.get(name(stage), type(stage).__name__)
    return "-".join([*"".join(c if c.isalnum() else " " for c in title).split(), stage.identity])


@contextmanager
def _opened(logger: Callable[[Path, str, str], "Logger"], folder: Path, log: str) -> Iterator["Logger"]:
    """An empty log in `folder`, finalised at the end."""
    remove(folder / log)
    opened = logger(folder.parent, folder.name, log)
    try:
        yield opened
    finally:
        opened.finalize("success")
