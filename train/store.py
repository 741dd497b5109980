"""Where results lie, and how a stage comes to be run once, whoever asks for it and however often it is killed."""

import fcntl
import json
import logging
import platform
import resource
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import torch

from train.artifacts import SEAL, Damaged, File, Seal, check_content, read_seal, sealed, set_aside
from train.circumstances import commit, host, versions
from train.disk import writing
from train.expression import Unreadable, encode, same
from train.stage import Stage, Undefined, name, upstream

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Machine:
    """On what stages run. No part of their identity; kept beside their results.

    Equal machines give equal bits: the number of threads and of rows a pass are fixed, whatever else runs.
    """

    accelerator: Literal["cpu", "cuda", "auto"] = "cpu"
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    threads: int = 1  # a stage
    rows: int = 64  # of one forward and backward pass in RL; more of them than memory holds, or caches like, are split

    @property
    def device(self) -> torch.device:
        """Where tensors live."""
        wants = self.accelerator if self.accelerator != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
        return torch.device(wants)


class Store:
    """Results by expression: `root/Kind-hash/`. A folder with its final name is whole, and holds the checksums of its files.

    While a stage runs, its folder is called `Kind-hash.draft`, and a lock on `Kind-hash.lock` says that somebody is at
    it; the operating system drops the lock with the process that held it, even on kill -9. Then whoever comes next
    continues the draft. What turns out to be damaged is moved to `root/aside/`, never deleted, and computed again.
    """

    def __init__(self, root: Path, machine: Machine | None = None, checkpoint_seconds: float = 20.0):
        self.root = root
        self.machine = machine or Machine()
        self.checkpoint_seconds = checkpoint_seconds
        self._known: set[Path] = set()  # whole, by the sizes of their files
        self._sound: set[Path] = set()  # and by what the files hold

    def path(self, stage: Stage) -> Path:
        """Where the results of `stage` lie, or will lie."""
        return self.root / name(stage)

    def has(self, stage: Stage) -> bool:
        """Whether the results of `stage` are there, and whole by the sizes of their files.

        Raises:
            ValueError: if they are there, but under another meaning of the same expression.
        """
        folder = self.path(stage)
        if folder not in self._known and folder.exists():
            try:
                _seal(stage, folder)
            except Damaged:
                return False  # `get` says why, and computes them again
            self._known.add(folder)
        return folder in self._known

    def get(self, stage: Stage) -> Path:
        """The folder of the results of `stage`, after running whatever is missing or damaged.

        Raises:
            Unwritable: if the disk is full, or the folder must not be written; the draft stays, and is continued the next time.
        """
        folder = self.path(stage)
        if self._usable(stage, folder):
            return folder
        for part in upstream(stage):
            self.get(part)
        with writing(folder), _alone(folder.with_name(folder.name + ".lock")):
            if not self._usable(stage, folder):
                self._run(stage, folder)
        return folder

    def _usable(self, stage: Stage, folder: Path) -> bool:
        if folder not in self._sound and folder.exists():
            try:
                check_content(folder, _seal(stage, folder))
            except Damaged:
                return False
            self._known.add(folder)
            self._sound.add(folder)
        return folder in self._sound

    def _run(self, stage: Stage, folder: Path) -> None:
        draft = folder.with_name(folder.name + ".draft")
        if folder.exists():
            _shelve(folder, _fault(stage, folder))
        try:
            if draft.exists() and not _matches(stage, draft):
                shutil.rmtree(draft)
            self._attempt(stage, draft)
        except Damaged as fault:
            _shelve(draft, str(fault))
            self._attempt(stage, draft)
        draft.rename(folder)
        self._sound.add(folder)
        self._known.add(folder)

    def _attempt(self, stage: Stage, draft: Path) -> None:
        draft.mkdir(exist_ok=True)
        write_json(draft / "stage.json", encode(stage))
        torch.set_num_threads(self.machine.threads)
        began, cpu = time.time(), time.process_time()
        try:
            stage.run(draft, self)
        except Undefined as reason:
            write_json(draft / "undefined.json", {"reason": str(reason)})
        write_json(draft / "run.json", _circumstances(self.machine, time.time() - began, time.process_time() - cpu))
        write_json(draft / SEAL, sealed(draft, stage.meaning).record())


def defined(folder: Path) -> Path:
    """The folder, if it holds results.

    Raises:
        Undefined: if what the folder records is that there are none.
    """
    if (folder / "undefined.json").exists():
        raise Undefined(json.loads((folder / "undefined.json").read_text())["reason"])
    return folder


def write_json(path: Path, value: object) -> None:
    """Write `value` so that `path` is never seen half-written."""
    draft = path.with_name(path.name + ".tmp")
    draft.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")
    draft.replace(path)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold the lock; wait for it where another process has it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with open(lock, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    lock.unlink(missing_ok=True)


def _seal(stage: Stage, folder: Path) -> Seal:
    """The seal of a finished folder.

    Raises:
        Damaged: if the folder is not whole.
        ValueError: if it was made by another meaning of the same expression.
    """
    seal = read_seal(folder)
    if seal.meaning == stage.meaning:
        return seal
    check_content(folder, Seal(seal.meaning, {"stage.json": seal.files.get("stage.json", File(0, ""))}))
    if not _matches(stage, folder):
        raise ValueError(
            f"{folder} was made by an expression that has the same name, and meant something else: a default or a primitive "
            f"changed since. Raise {type(stage).__name__}.VERSION, set the old value explicitly, or remove the folder."
        )
    return seal


def _matches(stage: Stage, folder: Path) -> bool:
    """Whether `stage.json` in the folder says the stage; what was added to the code since must be at its default.

    Raises:
        Damaged: if it is there and is no JSON.
    """
    try:
        return same(json.loads((folder / "stage.json").read_bytes()), stage)
    except (FileNotFoundError, Unreadable):
        return False
    except ValueError as reason:
        raise Damaged(f"{folder / 'stage.json'} cannot be read ({reason})") from None


def _fault(stage: Stage, folder: Path) -> str:
    """How a folder is damaged."""
    try:
        check_content(folder, _seal(stage, folder))
    except Damaged as fault:
        return str(fault)
    raise AssertionError(f"{folder} is not damaged")


def _shelve(folder: Path, reason: str) -> None:
    """Move a damaged folder aside, and say so."""
    place = set_aside(folder)
    place.with_name(place.name + ".txt").write_text(f"{reason}\n")
    LOG.warning("%s. It is kept as %s, and computed again.", reason, place)


def _circumstances(machine: Machine, seconds: float, cpu_seconds: float) -> dict[str, object]:
    """What differs between equal runs: kept apart from weights, rows and verdicts."""
    return {
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu_seconds, 3),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": asdict(machine),
        "device": torch.cuda.get_device_name() if machine.device.type == "cuda" else platform.processor() or platform.machine(),
        "host": host(),
        "python": platform.python_version(),
        "versions": versions(),
        "commit": commit(),
    }
