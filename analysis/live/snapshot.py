"""The stages of a study on disk at a moment, while another process may be writing. Nothing here writes, runs or locks anything."""

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from train.stages.reading import Malformed, reading
from train.stages.stage import Stage, name
from train.stages.store import Store

QUIET = 120.0  # seconds without a write, after which a stage may have been killed; a stage of scores takes less


class Shelf(Store):
    """A store that is only read: to ask for a stage that is not there is an error, and runs nothing."""

    def get(self, stage: Stage) -> Path:
        """The folder of the results of `stage`.

        Raises:
            FileNotFoundError: if it is not there.
        """
        if not self.has(stage):
            raise FileNotFoundError(f"{self.path(stage)} has not been made yet")
        return self.path(stage)


@dataclass(frozen=True)
class Draft:
    """The folder of a stage that somebody began. Times as of `time.time()`."""

    folder: Path
    began: float  # the last attempt
    touched: float  # when something in it was last written

    @property
    def quiet(self) -> float:
        """Seconds since the last sign of life."""
        return max(0.0, time.time() - self.touched)


@dataclass(frozen=True)
class Snapshot:
    """Which stages are there, since when (ns), which were begun, and which failed, with the traceback. The others wait."""

    there: dict[Stage, int] = field(default_factory=dict)
    begun: dict[Stage, Draft] = field(default_factory=dict)
    failed: dict[Stage, str] = field(default_factory=dict)

    @property
    def underway(self) -> dict[Stage, Draft]:
        """Those that gave a sign of life not long ago."""
        return {s: d for s, d in self.begun.items() if d.quiet < QUIET}


def look(stages: Sequence[Stage], shelf: Shelf) -> Snapshot:
    """The state of `stages` now. A folder of another meaning counts as failed, with the reason."""
    entries = _entries(shelf.root)
    found = Snapshot()
    for stage in stages:
        folder = name(stage)
        if folder in entries:
            try:
                if shelf.has(stage):
                    found.there[stage] = entries[folder].st_mtime_ns
            except ValueError as reason:
                found.failed[stage] = str(reason)
        else:
            draft = _draft(shelf.root / (folder + ".draft")) if folder + ".draft" in entries else None
            error = entries.get(shelf.error(stage).name)
            if error and not (draft and draft.touched > error.st_mtime):  # if so, it is being tried again
                found.failed[stage] = _text(shelf.error(stage))
            elif draft:
                found.begun[stage] = draft
    return found


def _entries(folder: Path) -> dict[str, os.stat_result]:
    """The entries of a folder; none, where it went away meanwhile, nor an entry that did."""
    found: dict[str, os.stat_result] = {}
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):  # a link that leads nowhere, too
                found[entry.name] = entry.stat()
    return found


def _text(file: Path) -> str:
    try:
        with reading(file):
            return file.read_bytes().decode("utf-8", "backslashreplace")
    except Malformed as fault:
        return str(fault) if file.exists() else ""  # it was tried again, and is done


def _draft(folder: Path) -> Draft:
    times = {name: entry.st_mtime for name, entry in _entries(folder).items()}
    touched = max(times.values(), default=time.time())
    return Draft(folder, times.get("stage.json", touched), touched)
