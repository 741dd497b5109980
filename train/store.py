"""Where results lie, and how a stage comes to be run once, whoever asks for it and however often it is killed."""

import json
import logging
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import torch

from train.artifacts import SEAL, Damaged, File, Seal, check_content, read_seal, sealed, set_aside
from train.circumstances import circumstances, measure_memory
from train.disk import writing
from train.expression import encode, same
from train.lease import LONGEST, SHORTEST, Lease, Leases
from train.machine import Machine
from train.reading import a_text, read_json, read_object, reading
from train.stage import Stage, Undefined, name
from train.trackers import Tracker

LOG = logging.getLogger(__name__)
COPY, HALF = ".copy", ".tmp"  # end the names of a copy and of a new file until it takes the place of the old one


class Store:
    """Results by expression: `root/Kind-hash/`. A folder with its final name is whole, and holds the checksums of its files.

    While a stage runs, its folder is called `Kind-hash.draft`, and a lease in `root/leases/` says who is at it. Whoever comes
    after one that died, or fell silent, continues the draft. What the silent one can still reach by a path is then
    moved to `Kind-hash.token.draft`. What turns out to be damaged is moved to `root/aside/`, never deleted, and computed again.

    `stopping` is asked between the iterations of a stage: where it says so, the stage saves a checkpoint and stops.
    """

    def __init__(
        self,
        root: Path,
        machine: Machine | None = None,
        checkpoint_seconds: float = 20.0,
        stopping: Callable[[], bool] = lambda: False,
        leases: Leases | None = None,
        tracker: Tracker | None = None,
    ):
        self.root = root
        self.tracker = tracker  # whom learning tells its metrics, besides its own file of them
        self.machine = machine or Machine()
        self.checkpoint_seconds = checkpoint_seconds
        self.stopping = stopping
        self.leases = leases or Leases(root / "leases")
        self._known: set[Path] = set()  # whole, by the sizes of their files
        self._sound: set[Path] = set()  # and by what the files hold
        self._held: dict[Path, Lease] = {}  # by draft

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

    def sound(self, stage: Stage) -> bool:
        """Whether the results of `stage` are there, and every file holds what was written. Reads them all, once.

        Raises:
            ValueError: as `has` does.
        """
        folder = self.path(stage)
        if folder not in self._sound and folder.exists():
            try:
                check_content(folder, _seal(stage, folder))
            except Damaged:
                return False
            self._known.add(folder)
            self._sound.add(folder)
        return folder in self._sound

    def get(self, stage: Stage) -> Path:
        """The folder of the results of `stage`, after running whatever is missing or damaged, or waiting for who is at it.

        Raises:
            Unwritable: if the disk is full, or the folder must not be written; the draft stays, and is continued the next time.
        """
        pause = SHORTEST
        while (folder := self.attempt(stage)) is None:
            time.sleep(pause)
            pause = min(2 * pause, LONGEST)
        return folder

    def attempt(self, stage: Stage) -> Path | None:
        """The same, or None where somebody else is at `stage`."""
        folder = self.path(stage)
        if self.sound(stage):
            return folder
        for part in stage.upstream:
            self.get(part)
        with writing(folder):
            lease = self.leases.attempt(folder.name)
            if lease is None:
                return None
            with lease:
                if not self.sound(stage):
                    self._run(stage, folder, lease)
        return folder

    def confirm(self, draft: Path) -> None:
        """Make sure, before something in `draft` is replaced, that nobody has taken it over.

        Raises:
            Lost: if somebody has, while this process was silent.
        """
        if draft in self._held:
            self._held[draft].check()

    def error(self, stage: Stage) -> Path:
        """Where the traceback of a stage that failed is kept, until it succeeds."""
        folder = self.path(stage)
        return folder.with_name(folder.name + ".error.txt")

    def _draft(self, folder: Path, lease: Lease) -> Path:
        """The draft that is to be continued, where no former holder of the lease can reach it."""
        first, *former, ours = (
            folder.with_name(f"{folder.name}.{of}draft") for of in ("", *(f"{h.token}." for h in lease.former), f"{lease.token}.")
        )
        others = sorted(set(folder.parent.glob(f"{folder.name}.*.draft")).difference(former))  # of who took over, and stopped
        left = next((d for d in reversed((first, *others, *former)) if d.exists()), first)
        if not lease.contested and left not in others:
            ours = first
        if left != ours and left.exists():
            if ours.exists():
                shutil.rmtree(ours)  # begun by one that had lost the lease already
            left.rename(ours)
        if lease.contested and ours.exists():
            _sever(ours)
        return ours

    def _run(self, stage: Stage, folder: Path, lease: Lease) -> None:
        if folder.exists():
            _shelve(folder, _fault(stage, folder))
        draft = self._draft(folder, lease)
        try:
            if draft.exists() and not _matches(stage, draft):
                shutil.rmtree(draft)
            self._attempt(stage, draft, lease)
        except Damaged as fault:
            _shelve(draft, str(fault))
            self._attempt(stage, draft, lease)
        lease.check()
        draft.rename(folder)
        self._sound.add(folder)
        self._known.add(folder)
        self.error(stage).unlink(missing_ok=True)

    def _attempt(self, stage: Stage, draft: Path, lease: Lease) -> None:
        draft.mkdir(exist_ok=True)
        for cut_off in [f for f in draft.rglob("*") if f.suffix in (COPY, HALF)]:
            cut_off.unlink()  # by a kill: no part of what is made now
        write_json(draft / "stage.json", encode(stage))
        torch.set_num_threads(self.machine.threads)
        measure_memory()
        began, cpu = time.monotonic(), time.process_time()
        self._held[draft] = lease
        try:
            stage.run(draft, self)
        except Undefined as reason:
            write_json(draft / "undefined.json", {"reason": str(reason)})
        except Exception:
            lease.check()  # if it was lost, that is the reason: the draft was moved away
            raise
        finally:
            del self._held[draft]
        write_json(draft / "run.json", circumstances(self.machine, time.monotonic() - began, time.process_time() - cpu))
        write_json(draft / SEAL, sealed(draft, stage.meaning).record())


def defined(folder: Path) -> Path:
    """The folder, if it holds results.

    Raises:
        Undefined: if what the folder records is that there are none.
        Malformed: if that record cannot be read.
    """
    if os.path.lexists(file := folder / "undefined.json"):
        with reading(file):
            reason = a_text(read_object(file)["reason"])
        raise Undefined(reason)
    return folder


def write_json(path: Path, value: object) -> None:
    """Write `value` so that `path` is never seen half-written."""
    draft = path.with_name(path.name + HALF)
    draft.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")
    draft.replace(path)


def _sever(draft: Path) -> None:
    """Put copies in the place of all files, so that who has the old ones open writes into nothing."""
    for file in [f for f in draft.rglob("*") if f.is_file() and f.suffix != COPY]:  # of one who died here, they are overwritten
        copy = file.with_name(file.name + COPY)
        shutil.copyfile(file, copy)
        copy.replace(file)


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
    if not os.path.lexists(file := folder / "stage.json"):
        return False
    with reading(file, error=Damaged):
        return same(read_json(file), stage)


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
