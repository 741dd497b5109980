"""Why a stage failed, kept beside its draft for whoever looks while the others run: `Kind-hash.failed` holds the traceback."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from analysis.engine import State
from train.stage import Stage, upstream
from train.store import Store


def suffixed(folder: str) -> str:
    """The name of the file that belongs to a stage's folder."""
    return folder + ".failed"


def note(folder: Path, error: str) -> None:
    """The stage that was to fill `folder` failed."""
    file = folder.with_name(suffixed(folder.name))
    draft = file.with_name(file.name + ".tmp")
    draft.write_text(error)
    draft.replace(file)


def forget(folder: Path) -> None:
    """It is tried again."""
    folder.with_name(suffixed(folder.name)).unlink(missing_ok=True)


def read(folder: Path) -> str:
    """The traceback; nothing, where it is being tried again."""
    try:
        return folder.with_name(suffixed(folder.name)).read_text()
    except FileNotFoundError:
        return ""


@dataclass
class Noting:
    """Keeps on disk which of the `stages` that are to run have failed, at every state of a run; then shows the state to `watch`."""

    store: Store
    stages: Sequence[Stage]
    watch: Callable[[State], None]

    def __post_init__(self) -> None:
        self.noted: set[Stage] = set()
        for stage in self.stages:
            forget(self.store.path(stage))

    def __call__(self, state: State) -> None:
        for stage, error in state.failed.items():
            if stage not in self.noted and not any(part in state.failed for part in upstream(stage)):
                self.noted.add(stage)
                note(self.store.path(stage), error)
        self.watch(state)
