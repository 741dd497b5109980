"""The store of results. Each stage runs once, whichever process asks for it and however often it is killed."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from errno import EEXIST, ENOTEMPTY
from itertools import count
from pathlib import Path

from train.stages.circumstances import circumstances, measure_memory
from train.stages.disk import COPY, HALF, own, own_folder, remove, replacing, sever, write_json, writing
from train.stages.lease import Lease, Leases, Lost, insist
from train.stages.machine import Machine
from train.stages.reading import read_json, reading
from train.stages.seal import REASON, SEAL, Damaged, File, Seal, check_content, read_seal, sealed
from train.stages.stage import Meets, Stage, Tracker, Undefined, closure, encode, name, same

LOG = logging.getLogger(__name__)
MADE = ("stage.json", "run.json")  # in every folder, besides what its stage writes


class Store:
    """Results by expression: `root/Kind-hash/`. A folder with its final name is whole, and holds the checksums of its files.

    While a stage runs, its folder is called `Kind-hash.draft`, and a lease in `root/leases/` names the process that works on it. If that
    process dies or becomes silent, the next one continues the draft. If it was only silent, the draft is first moved to
    `Kind-hash.token.draft`, so that a stale writer cannot reach it. A damaged folder is moved to `root/aside/`, never deleted, and its
    stage is computed again.

    `root` may be a link. Links below it are foreign: in a draft they are removed, and no file is written through one.

    `stopping` is asked between the iterations of a stage: once it is true, the stage saves a checkpoint and stops.
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
        self.tracker = tracker  # gets the metrics of learning, besides `metrics.jsonl`
        self.machine = machine or Machine()
        self.checkpoint_seconds = checkpoint_seconds
        self.stopping = stopping
        self.leases = leases or Leases(root / "leases")
        self.meeting: Meets | None = None  # of the stages that run as one
        self._held: dict[Path, Lease] = {}  # by draft

    def where_stages_meet(self, meeting: Meets) -> Store:
        """This store, for stages that run at the same time and meet there."""
        store = Store(self.root, self.machine, self.checkpoint_seconds, self.stopping, self.leases, self.tracker)
        store.meeting = meeting
        return store

    def path(self, stage: Stage) -> Path:
        """The folder of the results of `stage`, whether it exists yet or not."""
        return self.root / name(stage)

    def has(self, stage: Stage) -> bool:
        """True if the results of `stage` are there, and their files have the right sizes.

        Raises:
            ValueError: if they are there, but under another meaning of the same expression.
        """
        return self.path(stage).exists() and not _fault(stage, self.path(stage), lambda folder, seal: None)

    def sound(self, stage: Stage) -> bool:
        """True if the results of `stage` are there, and all checksums match. A file is read again only after it was touched.

        Raises:
            ValueError: as `has` does.
        """
        return self.path(stage).exists() and not _fault(stage, self.path(stage))  # if damaged, `get` says why, and computes it again

    def get(self, stage: Stage) -> Path:
        """The folder of the results of `stage`. Missing or damaged results are computed; if another process works on them, wait for it.

        Raises:
            Unwritable: if the disk is full, or the folder must not be written; the draft stays, and is continued the next time.
        """
        return insist(lambda: self.attempt(stage))

    def attempt(self, stage: Stage) -> Path | None:
        """The folder of the results of `stage`, as `get`; None if another process works on it, or has taken it over from this one."""
        folder = self.path(stage)
        if self.sound(stage):
            return folder
        for upstream in closure(stage.upstream, self.sound):  # one after the other: a long chain would recurse too deeply
            self.get(upstream)
        with writing(folder):
            lease = self.leases.attempt(folder.name)
            if lease is None:
                return None
            try:
                with lease:
                    if not self.sound(stage):
                        self._run(stage, folder, lease)
            except Lost as reason:
                LOG.info("%s", reason)
                return None
        return folder

    def confirm(self, draft: Path) -> None:
        """As `Context.confirm`."""
        if draft in self._held:
            self._held[draft].check()

    def error(self, stage: Stage) -> Path:
        """The file that keeps the traceback of a failed stage until it succeeds."""
        folder = self.path(stage)
        return folder.with_name(folder.name + ".error.txt")

    def _draft(self, folder: Path, lease: Lease) -> Path:
        """The draft to continue, at a path that no former holder of the lease knows."""
        first, *former, ours = (
            folder.with_name(f"{folder.name}.{of}draft") for of in ("", *(f"{h.token}." for h in lease.former), f"{lease.token}.")
        )
        others = sorted(set(folder.parent.glob(f"{folder.name}.*.draft")).difference(former))  # of who took over, and stopped
        left = next((d for d in reversed((first, *others, *former)) if d.exists()), first)
        lease.check()  # so what was found is not an heir's
        if not lease.contested and left not in others:
            ours = first
        if left != ours and left.exists():
            remove(ours)  # begun after the lease was lost
            left.rename(ours)
        return ours

    def _run(self, stage: Stage, folder: Path, lease: Lease) -> None:
        if folder.exists():
            fault = _fault(stage, folder)
            if not fault:
                return  # a former holder woke up and has just published it
            _shelve(folder, fault, lease)
        draft = self._draft(folder, lease)
        try:
            _tidy(draft, own if draft.stem == folder.name else sever)  # the writer of a draft with a token may wake up
            if draft.exists() and not _matches(stage, draft):
                remove(draft)
            self._attempt(stage, draft, lease)
        except Damaged as reason:
            _shelve(draft, str(reason), lease)
            self._attempt(stage, draft, lease)
        lease.check()
        try:
            draft.rename(folder)
        except OSError as reason:
            if reason.errno not in (EEXIST, ENOTEMPTY) or not self.sound(stage):
                raise
            remove(draft)  # the same
        self.error(stage).unlink(missing_ok=True)

    def _attempt(self, stage: Stage, draft: Path, lease: Lease) -> None:
        _begin(draft, lease)
        write_json(draft / "stage.json", encode(stage))
        import torch  # slow to import, and needed only where a stage runs

        torch.set_num_threads(self.machine.threads)
        torch.set_float32_matmul_precision("high" if self.machine.precision == "tf32" else "highest")
        measure_memory()
        began, cpu = time.monotonic(), time.process_time()
        self._held[draft] = lease
        try:
            stage.run(draft, self)
        except Undefined as reason:
            write_json(draft / REASON, {"reason": str(reason)})
        finally:
            del self._held[draft]
        write_json(draft / "stage.json", encode(stage))  # again: the stage may have overwritten it
        many = self.meeting.size if self.meeting else 1  # stages that ran as one share their time
        took = (time.monotonic() - began) / many, (time.process_time() - cpu) / many
        write_json(draft / "run.json", circumstances(self.machine, *took) | {"together": many})
        write_json(draft / SEAL, sealed(draft, stage.meaning, _writes(stage, (draft / REASON).exists())).record())


def _begin(draft: Path, lease: Lease) -> None:
    """Make a draft, unless it is there.

    Raises:
        Lost: if the lease is lost; then nothing is left behind.
    """
    draft.mkdir(exist_ok=True)
    try:
        lease.check()
    except Lost:
        with suppress(OSError):
            draft.rmdir()  # made just now, after the heir had moved the old one
        raise


def _tidy(draft: Path, apart: Callable[[Path], None]) -> None:
    """Remove links and half-written files from a draft, and make every other file ours alone by `apart`."""
    if draft.is_symlink() or draft.is_file():
        remove(draft)
    for path in list(draft.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()) or path.suffix in (COPY, HALF):
            remove(path)
        elif path.is_file():
            apart(path)


def _writes(stage: Stage, undefined: bool) -> tuple[str, ...]:
    """The files that a finished folder must have; () if the stage does not say what it writes."""
    return (*MADE, REASON) if undefined else (*MADE, *stage.writes) if stage.writes else ()


def _seal(stage: Stage, folder: Path) -> Seal:
    """The seal of a finished folder.

    Raises:
        Damaged: if the folder is not whole.
        ValueError: if it was made by another meaning of the same expression.
    """
    seal = read_seal(folder)
    if missing := sorted({*MADE, *_writes(stage, REASON in seal.files)}.difference(seal.files)):
        raise Damaged(f"{folder / missing[0]}, which belongs to such a result, is not among what its {SEAL} names")
    if seal.meaning == stage.meaning:
        return seal
    check_content(folder, Seal(seal.meaning, {"stage.json": seal.files.get("stage.json", File(0, ""))}))
    if not _matches(stage, folder):
        fault = (
            f"{folder} was made by an expression that has the same name, and meant something else: a default or a primitive changed since"
        )
        raise ValueError(f"{fault}. Raise {type(stage).__name__}.VERSION, set the old value explicitly, or remove the folder.")
    return seal


def _matches(stage: Stage, folder: Path) -> bool:
    """True if `stage.json` in the folder describes the stage. Fields that were added to the code since must be at their default.

    Raises:
        Damaged: if it is there and is no JSON.
    """
    if not os.path.lexists(file := folder / "stage.json"):
        return False
    with reading(file, error=Damaged):
        return same(read_json(file), stage)


def _fault(stage: Stage, folder: Path, check: Callable[[Path, Seal], None] = check_content) -> str:
    """The damage of a folder; "" if it has none."""
    try:
        check(folder, _seal(stage, folder))
    except Damaged as fault:
        return str(fault)
    return ""


def _shelve(folder: Path, reason: str, lease: Lease) -> None:
    """Move a damaged folder to `aside/NAME.N` beside it, with the reason in a text file, and log a warning.

    Raises:
        Lost: if the lease is lost. An heir's folder is left there, or put back.
    """
    lease.check()
    aside = folder.parent / "aside"
    own_folder(aside)
    place = next(p for p in (aside / f"{folder.name}.{n}" for n in count(1)) if not os.path.lexists(p))
    folder.rename(place)
    try:
        lease.check()
    except Lost:
        with suppress(OSError):
            place.rename(folder)
        raise
    with replacing(place.with_name(place.name + ".txt")) as file:
        file.write(f"{reason}\n".encode(errors="backslashreplace"))
    LOG.warning("%s. It is kept as %s, and computed again.", reason, place)
