"""Where results lie, and how a stage comes to be run once, whoever asks for it and however often it is killed."""

import fcntl
import json
import platform
import resource
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import torch

from train.stage import Stage, Undefined, expand, name, upstream
from train.trackers import Tracker

PACKAGES = ("torch", "lightning", "numpy", "scipy")


@dataclass(frozen=True)
class Machine:
    """On what stages run. No part of their identity; kept beside their results.

    Equal machines give equal bits: the number of threads and of rows a pass are fixed, whatever else runs.
    """

    accelerator: Literal["cpu", "cuda", "auto"] = "cpu"
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    threads: int = 1  # a stage
    rows: int = 64  # about so many different completions a pass in RL; more of them than memory holds, or caches like, are split

    @property
    def device(self) -> torch.device:
        """Where tensors live."""
        wants = self.accelerator if self.accelerator != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
        return torch.device(wants)


class Store:
    """Results by expression: `root/Kind-hash/`. A folder with its final name is whole.

    While a stage runs, its folder is called `Kind-hash.draft`, and a lock on `Kind-hash.lock` says that somebody is at
    it; the operating system drops the lock with the process that held it, even on kill -9. Then whoever comes next
    continues the draft.
    """

    def __init__(self, root: Path, machine: Machine | None = None, checkpoint_seconds: float = 20.0, tracker: Tracker | None = None):
        self.root = root
        self.tracker = tracker  # whom learning tells its metrics, besides its own file of them
        self.machine = machine or Machine()
        self.checkpoint_seconds = checkpoint_seconds
        self._known: set[Path] = set()

    def path(self, stage: Stage) -> Path:
        """Where the results of `stage` lie, or will lie."""
        return self.root / name(stage)

    def has(self, stage: Stage) -> bool:
        """Whether the results of `stage` are there.

        Raises:
            ValueError: if they are there, but under another meaning of the same expression.
        """
        folder = self.path(stage)
        if folder not in self._known and folder.exists():
            _same(stage, folder)
            self._known.add(folder)
        return folder in self._known

    def get(self, stage: Stage) -> Path:
        """The folder of the results of `stage`, after running whatever is missing."""
        folder = self.path(stage)
        if self.has(stage):
            return folder
        for part in upstream(stage):
            self.get(part)
        with _alone(folder.with_name(folder.name + ".lock")):
            if not self.has(stage):
                self._run(stage, folder)
        return folder

    def _run(self, stage: Stage, folder: Path) -> None:
        draft = folder.with_name(folder.name + ".draft")
        if draft.exists() and not _matches(stage, draft):
            shutil.rmtree(draft)
        draft.mkdir(exist_ok=True)
        write_json(draft / "stage.json", expand(stage))
        torch.set_num_threads(self.machine.threads)
        began, cpu = time.time(), time.process_time()
        try:
            stage.run(draft, self)
        except Undefined as reason:
            write_json(draft / "undefined.json", {"reason": str(reason)})
        write_json(draft / "run.json", _circumstances(self.machine, time.time() - began, time.process_time() - cpu))
        draft.rename(folder)


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


def _matches(stage: Stage, folder: Path) -> bool:
    file = folder / "stage.json"
    return file.exists() and json.loads(file.read_text()) == json.loads(json.dumps(expand(stage)))


def _same(stage: Stage, folder: Path) -> None:
    if not _matches(stage, folder):
        raise ValueError(
            f"{folder} was made by an expression that has the same name, and meant something else: a default or a primitive "
            f"changed since. Raise {type(stage).__name__}.VERSION, set the old value explicitly, or remove the folder."
        )


def _circumstances(machine: Machine, seconds: float, cpu_seconds: float) -> dict[str, object]:
    """What differs between equal runs: kept apart from weights, rows and verdicts."""
    return {
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu_seconds, 3),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "machine": asdict(machine),
        "device": torch.cuda.get_device_name() if machine.device.type == "cuda" else platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "versions": {package: version(package) for package in PACKAGES},
    }
