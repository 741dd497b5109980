"""Leases: whoever dies, falls silent, wakes up again or has a wrong clock, one process at a time is at a stage, and none publishes late."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from multiprocessing.context import ForkServerContext
from pathlib import Path

import numpy as np
import pytest

from tests.test_artifacts import files_of_at_most
from train.stages.disk import write_json
from train.stages.lease import Holder, Lease, Leases, Lost
from train.stages.pieces import in_pieces
from train.stages.stage import Interrupted, Stage, encode, name
from train.stages.store import Store

PATIENCE = 120.0  # seconds that a child process gets, on a machine that does other things too
SHORT = Leases(Path(), beat=0.05, patience=0.5)


def processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "hypothesis", "train.losses.practice", "train.sample", "train.score"])
    return context


def until(what: object, path: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < end, f"{what}: {path} did not appear"
        time.sleep(0.005)


@dataclass(frozen=True, eq=False, repr=False)
class Scribble(Stage):
    """Writes by an open file and by paths, for as long as `root/hang` is there and once more after."""

    def run(self, out: Path, store: Store) -> None:
        with open(out / "log", "a") as log:
            (store.root / "began").touch()
            end = time.monotonic() + PATIENCE
            while any((store.root / f"hang{of}").exists() for of in ("", os.getpid())) and time.monotonic() < end:
                time.sleep(0.005)
            print(os.getpid(), file=log, flush=True)
        (out / "late").write_text(str(os.getpid()))


@dataclass
class Time:
    """A clock that is set by hand."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def foreign(number: int = 0) -> str:
    """What the lease of a process on another machine says."""
    return f"{number:020d}\n{json.dumps(asdict(Holder('far', 'away', 1, '1', 'theirs')))}\n"


def scribble(root: Path) -> None:
    if Store(root, leases=replace(SHORT, folder=root / "leases")).attempt(Scribble()) is None:
        (root / "lost").touch()


def started(root: Path) -> multiprocessing.process.BaseProcess:
    """A child that is in the middle of the stage."""
    (root / "hang").touch()
    child = processes().Process(target=scribble, args=(root,), daemon=True)
    child.start()
    until(child, root / "began")
    return child


# Broken if a lease could be had twice, or not again after it was given back, or left a file behind.
def test_a_lease_is_had_by_one(tmp_path: Path) -> None:
    mine, yours = Leases(tmp_path), Leases(tmp_path)
    lease = mine.attempt("a")
    assert lease is not None
    with lease:
        assert yours.attempt("a") is mine.attempt("a") is None
        assert yours.attempt("b") is not None
        lease.check()
    assert [f.name for f in tmp_path.iterdir()] == ["b"]
    assert not (mine.attempt("a") or lease).contested


# Broken if of several that find a holder dead more than one, or none, came after it.
@pytest.mark.parametrize("generation", range(3))
def test_of_many_heirs_one_wins(generation: int, tmp_path: Path) -> None:
    for i in range(30):
        former = ""
        for g in range(generation + 1):  # each died, and another came after it
            token = f"t{g}"
            holder = Holder("here", "known", 0, "", token)
            (tmp_path / f"{i}{former}").write_text(f"{0:020d}\n{json.dumps(asdict(holder))}\n")
            former = f".{token}"
        barrier, won = threading.Barrier(6), list[Lease]()

        def race(name: str = str(i), barrier: threading.Barrier = barrier, won: list[Lease] = won) -> None:
            clock = Time()
            leases = Leases(tmp_path, patience=1.0, clock=clock)
            assert leases.attempt(name) is None
            clock.now = 2.0
            barrier.wait(PATIENCE)
            if (lease := leases.attempt(name)) is not None:
                won.append(lease)

        threads = [threading.Thread(target=race) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert len(won) == 1
        with won[0] as lease:
            lease.check()
            assert lease.contested  # on another machine: nobody knows that they are dead
        assert not [f for f in tmp_path.iterdir() if f.name.split(".")[0] == str(i)]


# Broken if a holder elsewhere were taken for dead while its number moves, for alive when it stands still, or by what a clock says.
@pytest.mark.parametrize("mtime", [0, 2**31], ids=["clock far behind", "clock far ahead"])
def test_a_foreign_holder_is_dead_when_its_number_stands_still(mtime: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Time()
    leases, file = Leases(tmp_path, patience=60.0, clock=clock), tmp_path / "a"
    monkeypatch.setattr(time, "time", lambda: float(mtime))
    for number in range(5):
        file.write_text(foreign(number))
        os.utime(file, (mtime, mtime))
        for _ in range(3):
            assert leases.attempt("a") is None
            clock.now += 50.0 / 3
    clock.now += 5.0
    assert leases.attempt("a") is None  # 55 seconds since the last number was first seen
    clock.now += 6.0
    heir = leases.attempt("a")
    assert heir is not None
    assert heir.contested


# Broken if a holder whose lease was never written, or is damaged, kept everybody waiting for ever, or stopped them.
@pytest.mark.parametrize("said", ["", "\xff", f"{0:020d}\n[]\n", f"{0:020d}\n" + '{"host": "far"}\n'])
def test_a_lease_that_was_never_written_is_no_lease_for_ever(said: str, tmp_path: Path) -> None:
    clock = Time()
    leases = Leases(tmp_path, patience=60.0, clock=clock)
    (tmp_path / "a").write_text(said, encoding="latin-1")
    assert leases.attempt("a") is None
    clock.now = 61.0
    heir = leases.attempt("a")
    assert heir is not None
    (tmp_path / "a").write_text(foreign())  # it was alive after all, and goes first
    with pytest.raises(Lost, match=r"process 1 on far took it over.*same command again"):
        heir.check()


# Broken if two that died so, one after the other, sent everybody in a circle: a lease would be its own heir.
def test_an_heir_that_was_never_written_has_heirs(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "a.unwritten").touch()
    code = (
        "import pathlib, sys; from train.stages.lease import Leases; now = [0.0]\n"
        "leases = Leases(pathlib.Path(sys.argv[1]), patience=1.0, clock=lambda: now[0])\n"
        "assert leases.attempt('a') is None; now[0] = 2.0\n"
        "with leases.attempt('a') as lease: lease.check(); assert len(lease.former) == 2"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, timeout=20)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def neighbour() -> Iterator[tuple[subprocess.Popen[str], Holder]]:
    """Another process on this machine, called by what is no text, and the holder that it would be."""
    code = "open('/proc/self/comm', 'wb').write(b'\\xff )'); from train.stages.lease import _space, _started; import os; "
    code += "print(_space() + '/' + _started(os.getpid()), flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        space, _, start = process.stdout.readline().strip().rpartition("/")
        yield process, Holder("here", space, process.pid, start, "theirs")
        process.kill()


# Broken if a process were taken for dead, or whoever asks stopped, by what it is called, or since it is hidden from other users.
def test_who_lives_here_is_not_dead(neighbour: tuple[subprocess.Popen[str], Holder], monkeypatch: pytest.MonkeyPatch) -> None:
    process, holder = neighbour
    assert not holder.dead
    assert replace(holder, started=holder.started + "0").dead
    read = Path.read_text

    def hidden(path: Path, *given: str, **named: str) -> str:
        if path.parent.name == str(process.pid):
            raise FileNotFoundError(path)  # as where /proc is mounted with hidepid=2
        return read(path, *given, **named)

    monkeypatch.setattr(Path, "read_text", hidden)
    assert not holder.dead
    process.kill()
    process.wait(PATIENCE)
    assert holder.dead


# Broken if it stopped whoever asks that the holder ends, and is buried, in the middle of the question.
def test_a_holder_may_die_while_it_is_looked_at(neighbour: tuple[subprocess.Popen[str], Holder], monkeypatch: pytest.MonkeyPatch) -> None:
    process, holder = neighbour
    read = Path.read_text

    def last(path: Path, *given: str, **named: str) -> str:
        text = read(path, *given, **named)
        if path.parent.name == str(process.pid):
            process.kill()
            process.wait(PATIENCE)
        return text

    monkeypatch.setattr(Path, "read_text", last)
    assert not holder.dead
    assert holder.dead


@dataclass(frozen=True, eq=False, repr=False)
class Tally(Stage):
    """Counts to ten in a file; `root/stop` stops it at five."""

    def run(self, out: Path, store: Store) -> None:
        file = out / "tally"
        before = len(file.read_text()) if file.exists() else 0
        with open(store.root / "begun", "a") as begun:
            print(before, file=begun)
        for _ in range(before, 10):
            file.write_text(file.read_text() + "x" if file.exists() else "x")
            if (store.root / "stop").exists() and len(file.read_text()) == 5:
                raise Interrupted


def left(draft: Path, tally: int) -> None:
    draft.mkdir(parents=True)
    write_json(draft / "stage.json", encode(Tally()))
    (draft / "tally").write_text("x" * tally)


# Broken if what was done by one that took over from another machine, and was asked to stop, were begun again.
def test_what_an_heir_has_saved_is_continued(tmp_path: Path) -> None:
    clock, leases = Time(), tmp_path / "leases"
    store = Store(tmp_path, leases=Leases(leases, patience=1.0, clock=clock))
    leases.mkdir()
    (leases / name(Tally())).write_text(foreign())
    left(tmp_path / f"{name(Tally())}.draft", 3)
    (tmp_path / "stop").touch()
    assert store.attempt(Tally()) is None
    clock.now = 2.0
    with pytest.raises(Interrupted):
        store.attempt(Tally())
    (tmp_path / "stop").unlink()
    Store(tmp_path).get(Tally())
    assert (tmp_path / "begun").read_text().split() == ["3", "5"]
    assert [f.name for f in tmp_path.iterdir() if f.is_dir() and f.name.startswith("Tally")] == [name(Tally())]


# Broken if what one began that had lost the lease, and woke up, stood in the way of what its heir has done.
def test_of_two_drafts_the_heirs_is_continued(tmp_path: Path, neighbour: tuple[subprocess.Popen[str], Holder]) -> None:
    process, holder = neighbour
    process.kill()
    process.wait(PATIENCE)
    (tmp_path / "leases").mkdir()
    for former, token in (("", "a"), (".a", "b")):
        said = f"{0:020d}\n{json.dumps(asdict(replace(holder, token=token)))}\n"
        (tmp_path / "leases" / f"{name(Tally())}{former}").write_text(said)
    left(tmp_path / f"{name(Tally())}.draft", 1)
    left(tmp_path / f"{name(Tally())}.b.draft", 7)
    Store(tmp_path).get(Tally())
    assert (tmp_path / "begun").read_text().split() == ["7"]
    assert not list(tmp_path.glob("*.draft"))


# Broken if a kill of an heir, while it copies what another has open, stopped the next one, or left a file that other runs have not.
def test_a_copy_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    clock, leases = Time(), tmp_path / "leases"
    store = Store(tmp_path, leases=Leases(leases, patience=1.0, clock=clock))
    leases.mkdir()
    (leases / name(Tally())).write_text(foreign())
    left(tmp_path / f"{name(Tally())}.draft", 3)
    for file in ("tally", *map(str, range(8))):
        (tmp_path / f"{name(Tally())}.draft" / file).write_text("xxx")
        (tmp_path / f"{name(Tally())}.draft" / f"{file}.copy").write_text("x")
    assert store.attempt(Tally()) is None
    clock.now = 2.0
    files = {f.name: f.read_text() for f in store.get(Tally()).iterdir()}
    assert files.keys() == {"tally", "stage.json", "run.json", "checksums.json", *map(str, range(8))}
    assert {files[str(i)] for i in range(8)} == {"xxx"}


# Broken if what the dead left stayed, or if who lives lost what is his.
def test_what_the_dead_left_is_forgotten(tmp_path: Path, neighbour: tuple[subprocess.Popen[str], Holder]) -> None:
    process, holder = neighbour
    said = f"{0:020d}\n{json.dumps(asdict(holder))}\n"
    (tmp_path / "a").write_text(said)
    Leases(tmp_path).forget("a")
    assert (tmp_path / "a").read_text() == said
    process.kill()
    process.wait(PATIENCE)
    Leases(tmp_path).forget("a")
    assert not list(tmp_path.iterdir())


# Broken if an heir could not tell that the holder, alive after all, had given the lease back before.
def test_an_heir_of_what_was_given_back_has_nothing(tmp_path: Path) -> None:
    clock = Time()
    leases = Leases(tmp_path, patience=1.0, clock=clock)
    (tmp_path / "a").write_text(foreign())
    assert leases.attempt("a") is None
    clock.now = 2.0
    heir = leases.attempt("a")
    assert heir is not None
    (tmp_path / "a").unlink()
    with pytest.raises(Lost, match="released"):
        heir.check()
    assert Leases(tmp_path).attempt("a") is not None


# Broken if one that came too late, since the holder gave the lease back in the meantime, had it, or left a trace.
def test_who_comes_too_late_leaves_no_trace(tmp_path: Path) -> None:
    now = Time()

    def clock() -> float:
        if now.now:
            (tmp_path / "a").unlink()  # after it was read
        return now.now

    leases = Leases(tmp_path, patience=1.0, clock=clock)
    (tmp_path / "a").write_text(foreign())
    assert leases.attempt("a") is None
    now.now = 2.0
    assert leases.attempt("a") is None
    assert not list(tmp_path.iterdir())


# Broken if a process that was killed were alive until its parent asks how it ended.
def test_who_is_not_buried_is_dead_all_the_same(neighbour: tuple[subprocess.Popen[str], Holder]) -> None:
    process, holder = neighbour
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert holder.dead


@dataclass(frozen=True, eq=False, repr=False)
class Released(Stage):
    """Its lease goes away while it runs; then it makes a piece, or not."""

    pieces: int

    def run(self, out: Path, store: Store) -> None:
        (store.root / "leases" / name(self)).unlink()
        in_pieces(out, store, [lambda: {"a": np.zeros(1)}] * self.pieces)


# Broken if one that had lost its stage, and learned of it nowhere else, kept a piece of it or published it.
@pytest.mark.parametrize("pieces", [0, 1])
def test_what_was_lost_is_neither_kept_nor_published(pieces: int, tmp_path: Path) -> None:
    assert Store(tmp_path).attempt(Released(pieces)) is None
    assert not Store(tmp_path).path(Released(pieces)).exists()
    assert not list(tmp_path.glob("*.draft/pieces/*"))


# Broken if a process killed on this machine were waited for longer than it takes to look.
def test_a_holder_killed_here_is_followed_at_once(tmp_path: Path) -> None:
    child = started(tmp_path)
    assert child.pid is not None
    store = Store(tmp_path)  # whose patience is a minute
    assert store.attempt(Scribble()) is None
    os.kill(child.pid, signal.SIGKILL)
    until_dead = time.monotonic() + PATIENCE
    while (holder := store.leases.holder(name(Scribble()))) and not holder.dead and time.monotonic() < until_dead:
        time.sleep(0.001)
    assert child.exitcode is None or child.exitcode == -signal.SIGKILL  # buried or not, it is dead
    (tmp_path / "hang").unlink()
    folder = store.attempt(Scribble())
    assert folder is not None
    assert (folder / "log").read_text() == f"{os.getpid()}\n"
    assert not list((tmp_path / "leases").iterdir())
    child.join(PATIENCE)


# Broken if a process that was suspended, taken for dead, and woke up, touched what its heir made, published, or said nothing.
def test_a_holder_that_wakes_up_publishes_nothing(tmp_path: Path) -> None:
    child = started(tmp_path)
    assert child.pid is not None
    store = Store(tmp_path, leases=replace(SHORT, folder=tmp_path / "leases"))
    time.sleep(0.2)
    assert store.attempt(Scribble()) is None
    time.sleep(0.7)
    assert store.attempt(Scribble()) is None  # longer than the patience, but it is there
    os.kill(child.pid, signal.SIGSTOP)
    (tmp_path / "began").unlink()
    (tmp_path / f"hang{os.getpid()}").touch()
    heir = threading.Thread(target=store.get, args=(Scribble(),))
    heir.start()
    until(heir, tmp_path / "began")
    os.kill(child.pid, signal.SIGCONT)  # now both are in the middle of it
    (tmp_path / "hang").unlink()
    child.join(PATIENCE)  # while the heir is in the middle of it
    (tmp_path / f"hang{os.getpid()}").unlink()
    heir.join(PATIENCE)
    assert (tmp_path / "lost").exists()
    folder = store.path(Scribble())
    assert {f.name: f.read_text().split() for f in folder.iterdir() if f.name in ("log", "late")} == {
        "log": [str(os.getpid())],
        "late": [str(os.getpid())],
    }
    assert sorted(f.name for f in tmp_path.iterdir() if f.is_dir()) == sorted([folder.name, "leases"])
    assert not list((tmp_path / "leases").iterdir())


# Broken if a full disk left a lease that names no holder: whoever came next would wait a minute for nobody, and a short one for ever.
@pytest.mark.parametrize("size", [0, 30])
def test_a_lease_without_room_is_not_left_behind(size: int, tmp_path: Path) -> None:
    leases = Leases(tmp_path)
    with files_of_at_most(size), pytest.raises(OSError, match=r"too large|No space"):
        leases.attempt("a")
    assert not list(tmp_path.iterdir())
    lease = leases.attempt("a")
    assert lease is not None
    with lease:
        lease.check()
