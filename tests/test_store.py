"""Results stay what they are: whatever lies in the folder, is taken from it or changed meanwhile, and wherever a process was suspended."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from errno import ENOSPC
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from tests.test_artifacts import FRESH, LEARN, Copy, Letter, content, flip, runs, stopped, truncate, undisturbed
from tests.test_lease import SHORT, Time
from train.checkpoint import Progress
from train.stages.arrays import save_arrays
from train.stages.disk import Unwritable, appending, remove, replacing, sever, write_json
from train.stages.lease import Holder, Leases, _space
from train.stages.pieces import forget, in_pieces
from train.stages.seal import SEAL, read_seal, sealed
from train.stages.stage import Stage, encode, name
from train.stages.store import Store

__all__ = ["undisturbed"]  # a fixture
stage = dataclass(frozen=True, eq=False, repr=False)


@stage
class Visited(Letter):
    """Somebody looks at its draft, and leaves something there."""

    leaves: tuple[str, ...] = (".DS_Store", ".nfs0001", "letter~", "inner/.letter.swp", "#letter#")

    def run(self, out: Path, store: Store) -> None:
        super().run(out, store)
        for left in self.leaves:
            (out / left).write_text("left")


@stage
class Declared(Visited):
    """It says what it writes."""

    writes: ClassVar[tuple[str, ...]] = ("letter", "inner/more")


# Broken if what an editor, a desktop or a network file system leaves in a draft belonged to the result, which then changes with it.
@pytest.mark.parametrize("stage", [Visited(), Declared(), Declared(leaves=("notes.txt",))])
def test_what_others_leave_is_no_part_of_a_result(stage: Visited, tmp_path: Path) -> None:
    folder = Store(tmp_path).get(stage)
    assert set(read_seal(folder).files) == {"letter", "inner/more", "stage.json", "run.json"}
    for left in stage.leaves:
        (folder / left).write_text("something else")
    Store(tmp_path).get(stage)
    assert runs(tmp_path) == 1


def keeping_time(harm: Callable[[Path], None]) -> Callable[[Path], None]:
    def harms(file: Path) -> None:
        before = file.stat()
        harm(file)
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    return harms


# Broken if a process that has seen a result once went on from it when it is damaged, for as long as the process lives.
@pytest.mark.parametrize("harm", [keeping_time(flip), truncate, Path.unlink])
@pytest.mark.parametrize("settled", [0, 2_000_000_000])
def test_a_result_is_looked_at_at_each_use(
    harm: Callable[[Path], None], settled: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.stages.seal.FRESH", settled)
    store = Store(tmp_path)
    folder = store.get(Letter())
    assert store.has(Letter())
    assert store.sound(Letter())
    before = content(folder)
    harm(folder / "letter")
    assert store.has(Letter()) == ((folder / "letter").exists() and (folder / "letter").stat().st_size == 1_000)
    assert not store.sound(Letter())
    assert (store.get(Copy(Letter())) / "copy").read_text() == "a" * 1_000
    assert content(folder) == before


@stage
class Robbed(Stage):
    """Files of its draft are removed while it runs: the first time, or always."""

    robs: tuple[str, ...]
    times: int = 1

    writes: ClassVar[tuple[str, ...]] = ("early", "late")

    def run(self, out: Path, store: Store) -> None:
        (out / "early").write_text("early")
        with open(store.root / "runs.txt", "a") as file:
            print("run", file=file)
        for file_ in self.robs if runs(store.root) <= self.times else ():
            (out / file_).unlink()
        (out / "late").write_text("late")


# Broken if a result were sealed without what its stage wrote, or without the expression that it is a result of.
def test_what_was_taken_from_a_draft_is_made_again(tmp_path: Path) -> None:
    whole = {"early", "late", "stage.json", "run.json", SEAL}
    for robs, tries in ((("stage.json",), 1), (("early",), 2)):
        folder = Store(tmp_path / robs[0]).get(Robbed(robs))
        assert {f.name for f in folder.iterdir()} == whole
        assert runs(tmp_path / robs[0]) == tries
    with pytest.raises(Exception, match=r"early is missing, which was to be written"):
        Store(tmp_path).get(Robbed(("early",), 9))
    assert not Store(tmp_path).path(Robbed(("early",), 9)).exists()


# Broken if a seal that leaves out a file of the result were believed, and the file so missed for ever.
@pytest.mark.parametrize("lacks", ["early", "stage.json", "run.json"])
def test_a_seal_that_lacks_a_file_is_refused(lacks: str, tmp_path: Path) -> None:
    robbed = Robbed(())
    folder = Store(tmp_path).get(robbed)
    (folder / lacks).unlink()
    write_json(folder / SEAL, sealed(folder, robbed.meaning).record())
    assert not Store(tmp_path).has(robbed)
    assert (Store(tmp_path).get(robbed) / lacks).exists()


# Broken if metrics that were cut short or changed while a run was under way were sealed as its metrics.
@pytest.mark.parametrize("harm", [truncate, flip, Path.unlink])
def test_metrics_that_were_harmed_meanwhile_are_made_again(
    harm: Callable[[Path], None], undisturbed: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, done = Progress.record, list[int]()

    def harmed(self: Progress, iteration: int, metrics: dict[str, float]) -> None:
        record(self, iteration, metrics)
        done.append(iteration)
        if len(done) == 4:
            harm(Path(self.log.name))

    monkeypatch.setattr(Progress, "record", harmed)
    assert content(Store(tmp_path).get(LEARN)) == undisturbed


# Broken if a copy of a folder that shares its files with it, continued and stopped, changed what the other has finished.
def test_a_copy_by_hard_links_is_a_copy(undisturbed: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    stopped(one, monkeypatch)
    draft = Store(one).error(Letter())  # any file that is written anew
    draft.write_text("one")
    shutil.copytree(one, two, copy_function=os.link)
    finished = Store(one).get(LEARN)
    (two / finished.with_name(f"{finished.name}.draft").name / "checkpoint.pt").unlink()  # so it begins again, with empty metrics
    stopped(two, monkeypatch)
    assert content(finished) == undisturbed
    assert Store(one).sound(LEARN)
    assert content(Store(two).get(LEARN)) == undisturbed


def victim(folder: Path) -> Path:
    """A file elsewhere."""
    folder.mkdir()
    (folder / "victim").write_text("precious")
    return folder / "victim"


def links(file: Path, to: Path) -> None:
    remove(file)
    file.parent.mkdir(exist_ok=True)
    file.symlink_to(to)


# Broken if a way of writing followed a link, or wrote to a file that has another name elsewhere.
@pytest.mark.parametrize("plant", [lambda file, to: file.symlink_to(to), lambda file, to: file.hardlink_to(to)])
@pytest.mark.parametrize("at", ["file", "file.tmp", "file.copy"])
def test_no_way_of_writing_leads_elsewhere(at: str, plant: Callable[[Path, Path], None], tmp_path: Path) -> None:
    precious = victim(tmp_path / "elsewhere")

    def bytes_(file: Path) -> None:
        with replacing(file) as new:
            new.write(b"new")

    def append(file: Path) -> None:
        with appending(file) as log:
            log.write("more")

    ways: list[Callable[[Path], None]] = [bytes_, append, sever, lambda f: write_json(f, 1), lambda f: save_arrays(f, 1, {"a": np.ones(3)})]
    for i, way in enumerate(ways):
        folder = tmp_path / str(i)
        folder.mkdir()
        (folder / "file").write_text("old")
        (folder / at).unlink(missing_ok=True)
        plant(folder / at, precious)
        way(folder / "file")
        assert not (folder / "file").is_symlink()
        assert precious.read_text() == "precious"


# Broken if a run that finds links in its draft, put there by whoever gave us the folder, wrote to what they lead to.
def test_links_in_a_draft_lead_nowhere(undisturbed: dict[str, bytes], tmp_path: Path) -> None:
    precious, store = victim(tmp_path / "elsewhere"), Store(tmp_path / "stages", checkpoint_seconds=0.0)
    draft = store.root / f"{name(LEARN)}.draft"
    store.get(FRESH)
    draft.mkdir()
    write_json(draft / "stage.json", encode(LEARN))
    for file in ("metrics.jsonl", "ledger.json", "policy.json", "policy.safetensors", "run.json", "stage.json.tmp", "checkpoint.tmp"):
        (draft / file).symlink_to(precious)
        (draft / f"{file}.tmp").symlink_to(precious)
    (draft / "inner").symlink_to(precious.parent)
    os.mkfifo(draft / "pipe")
    assert content(store.get(LEARN)) == undisturbed
    assert precious.read_text() == "precious"
    assert not any(f.is_symlink() for f in store.path(LEARN).rglob("*"))


@stage
class Pieces(Stage):
    """Two pieces, what they come to, and a log."""

    writes: ClassVar[tuple[str, ...]] = ("sum.npz", "log")

    def run(self, out: Path, store: Store) -> None:
        with appending(out / "log") as log:
            log.truncate(0)
            pieces = in_pieces(out, store, [lambda i=i: {"a": np.full(2, i)} for i in range(2)])  # type: ignore[misc]
            print("log", file=log)
        save_arrays(out / "sum.npz", 1, {"a": sum(piece["a"] for piece in pieces)})  # type: ignore[dict-item]
        forget(out)


# Broken if a folder of ours that is a link, put there by another, were followed: a draft is begun anew, the others are refused by name.
@pytest.mark.parametrize("linked", ["draft", "pieces", "leases", "aside", "dangling"])
def test_folders_of_ours_are_no_links(linked: str, tmp_path: Path) -> None:
    elsewhere, stages = victim(tmp_path / "elsewhere").parent, tmp_path / "stages"
    whole = content(Store(tmp_path / "whole").get(Pieces()))
    folder = stages / name(Pieces())
    if linked == "aside":
        Store(stages).get(Pieces())
        truncate(folder / "sum.npz")
    stages.mkdir(exist_ok=True)
    draft = stages / f"{folder.name}.draft"
    if linked == "pieces":
        draft.mkdir()
        write_json(draft / "stage.json", encode(Pieces()))
    links({"draft": draft, "pieces": draft / "pieces", "dangling": draft}.get(linked, stages / linked), elsewhere / linked.strip("aelsidr"))
    if linked in ("leases", "aside"):
        with pytest.raises(Unwritable, match=rf"{stages / linked} is a link.*Remove it"):
            Store(stages).get(Pieces())
        (stages / linked).unlink()
    assert content(Store(stages).get(Pieces())) == whole
    assert [f.name for f in elsewhere.iterdir()] == ["victim"]


# Broken if results could not be kept on another disk by a link that their owner makes.
def test_the_folder_of_all_stages_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "stages").symlink_to(tmp_path / "disk")
    assert Store(tmp_path / "stages").get(Pieces()).exists()
    assert Store(tmp_path / "disk").sound(Pieces())


def lease(token: str, **more: object) -> str:
    """What the lease of a process says that ended long ago on this machine."""
    dead = asdict(Holder("here", _space(), 2**22 + 1, "1", "t"))
    return f"{0:020d}\n{json.dumps(dead | {'token': token} | more)}\n"


# Broken if what a lease says led to a file elsewhere, or kept somebody waiting for ever.
@pytest.mark.parametrize(
    "said", [lease("x/../../victim"), lease(""), lease("a" * 300), lease("ok", pid="../1"), lease("ok", pid=2**80), "[" * 9_999]
)
def test_what_a_lease_says_leads_nowhere(said: str, tmp_path: Path) -> None:
    clock = Time()
    precious, leases = victim(tmp_path / "elsewhere"), Leases(tmp_path / "elsewhere" / "leases", patience=1.0, clock=clock)
    (leases.folder / "a.x").mkdir(parents=True)
    (leases.folder / "a").write_text(said)
    assert leases.attempt("a") is None
    clock.now = 2.0
    leases.forget("a")
    assert precious.read_text() == "precious"
    assert not (leases.folder / "a").exists()


# Broken if a lease that is no file were waited for without an end, written through, or read without an end.
@pytest.mark.parametrize(
    "plant", [lambda f, to: f.symlink_to(to), lambda f, to: f.symlink_to(to / "gone"), lambda f, to: os.mkfifo(f), lambda f, to: f.mkdir()]
)
def test_a_lease_that_is_no_file_is_followed(plant: Callable[[Path, Path], object], tmp_path: Path) -> None:
    clock = Time()
    precious, leases = victim(tmp_path / "elsewhere"), Leases(tmp_path / "leases", patience=1.0, clock=clock)
    leases.folder.mkdir()
    plant(leases.folder / "a", precious)
    assert leases.attempt("a") is None
    clock.now = 2.0
    leases.forget("a")
    assert precious.read_text() == "precious"
    assert not list(leases.folder.iterdir())


# Broken if leases that name each other, or themselves, as heirs sent whoever asks around for ever.
@pytest.mark.parametrize(
    "chain", [{"a": "t", "a.t": "t"}, {"a": "x", "a.x": "y", "a.y": "x"}, {"a": "t0"} | {f"a.t{i}": f"t{i + 1}" for i in range(300)}]
)
def test_heirs_do_not_go_in_circles(chain: dict[str, str], tmp_path: Path) -> None:
    for file, token in chain.items():
        (tmp_path / file).write_text(lease(token))
    for ask in (Leases(tmp_path).attempt, Leases(tmp_path).holder, Leases(tmp_path).forget):
        with pytest.raises(ValueError, match=rf"go in a circle, or are more than 100.*remove {tmp_path}"):
            ask("a")


# --- a process that is suspended, and wakes up


@contextmanager
def at_operation(number: int, below: Path, then: Callable[[], object]) -> Iterator[list[str]]:
    """Before the operation on files below a folder that has this number, do something; what was done to files, in order."""
    seen: list[str] = []
    watching = [True]
    WATCHED.append(lambda event, path: _count(event, path, seen, watching, number, below, then))
    try:
        yield seen
    finally:
        WATCHED.pop()


def _count(event: str, path: str, seen: list[str], watching: list[bool], number: int, below: Path, then: Callable[[], object]) -> None:
    if watching[0] and path.startswith(str(below)):
        seen.append(f"{event} {path}")
        if len(seen) == number:
            watching[0] = False
            then()
            watching[0] = True


WATCHED: list[Callable[[str, str], None]] = []
OPERATIONS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.listdir", "os.scandir", "os.truncate")


def _audit(event: str, given: tuple[object, ...]) -> None:
    if WATCHED and event in OPERATIONS and given and isinstance(given[0], str | os.PathLike):
        WATCHED[-1](event, os.fspath(given[0]))


sys.addaudithook(_audit)


def suspended(root: Path, number: int, made: Stage) -> int:
    """A process is suspended before an operation, its heir does all that is to be done, and it wakes up; how many operations there were."""
    patient = replace(SHORT, folder=root / "leases", beat=60.0)
    heir = Store(root, leases=replace(patient, patience=-1.0, _seen={}), checkpoint_seconds=0.0)
    with at_operation(number, root, lambda: heir.get(made)) as seen:
        holder = Store(root, leases=patient, checkpoint_seconds=0.0)
        while holder.attempt(made) is None:
            pass
    return len(seen)


# Broken if one that was taken for dead at some moment, and woke up, ended in an error, took what its heir made, or left anything behind.
@pytest.mark.parametrize(("begun", "first"), [("draft", 2), ("damaged", 1), ("another meaning", 3)])
def test_wherever_a_process_was_suspended_it_ends_quietly(begun: str, first: int, tmp_path: Path) -> None:
    whole = content(Store(tmp_path / "whole").get(Pieces()))
    operations = []
    for number in range(first, 85, 5):  # `make faults` does it to all kinds of stages, in processes
        root = tmp_path / str(number)
        store, draft = Store(root), root / f"{name(Pieces())}.draft"
        if begun == "damaged":
            truncate(store.get(Pieces()) / "sum.npz")
        else:
            (draft / "pieces").mkdir(parents=True)
            write_json(draft / "stage.json", encode(Pieces() if begun == "draft" else Letter()))
        operations.append(suspended(root, number, Pieces()))
        assert content(store.path(Pieces())) == whole
        assert store.sound(Pieces())
        kept = {"leases", "aside"} if begun == "damaged" else {"leases"}
        assert {f.name for f in root.iterdir()} == {name(Pieces())} | kept
        assert not list((root / "leases").iterdir())
    assert max(operations) > 60


# Broken if a file for which there was no room left its half behind, as litter that no later run takes away.
def test_a_full_disk_leaves_no_half_of_a_file(tmp_path: Path) -> None:
    def full() -> None:
        with replacing(tmp_path / "verdicts.json") as file:
            file.write(b"half")
            raise OSError(ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        full()
    assert list(tmp_path.iterdir()) == []
