"""The engine: whatever happens to a worker happens to one stage and what stands on it; nothing is lost."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from analysis.cli.command import ended
from analysis.cli.screen import Lines, screen
from analysis.cli.terminal import Terminal
from analysis.running.agenda import Agenda, State
from analysis.running.engine import Care, run_stages
from analysis.running.plan import Plan
from analysis.running.progress import Clock
from train.stages.disk import write_json
from train.stages.seal import SEAL, sealed
from train.stages.stage import Interrupted, Stage
from train.stages.store import Store

PATIENCE = 120.0  # seconds that a test waits for what will surely come


def nothing(state: State) -> None:
    """Nobody watches."""


def second(stage: Stage) -> float:
    """What every stage costs."""
    return 1.0


@dataclass(frozen=True, eq=False, repr=False)
class Plain(Stage):
    """Does nothing, on other stages."""

    number: int
    parts: tuple[Stage, ...] = ()

    def run(self, out: Path, store: Store) -> None:
        (out / "pid").write_text(str(os.getpid()))


@dataclass(frozen=True, eq=False, repr=False)
class Raises(Plain):
    """Fails, until `root/mended` is there."""

    def run(self, out: Path, store: Store) -> None:
        if not (store.root / "mended").exists():
            raise ArithmeticError(f"number {self.number}")


@dataclass(frozen=True, eq=False, repr=False)
class Dies(Plain):
    """Kills its worker so often, as the system does that has no memory left."""

    def run(self, out: Path, store: Store) -> None:
        with open(out / "attempts", "a") as file:
            print(os.getpid(), file=file)
        if len((out / "attempts").read_text().splitlines()) <= self.number:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, eq=False, repr=False)
class Counts(Plain):
    """Counts up to a number, or for ever; asked to stop it keeps its count, if it is one that listens."""

    listens: bool = True

    def run(self, out: Path, store: Store) -> None:
        file = out / "count.json"
        count = int(file.read_text()) if file.exists() else 0
        (store.root / f"began {self.number}").touch()
        while count != self.number:
            count += 1
            time.sleep(0.01)
            if self.listens and store.stopping():
                write_json(file, count)
                raise Interrupted("counting")
        write_json(file, count)


# Broken if a worker's death, an error or a stage that hangs touched what does not stand on it, was tried for ever, or left no word of
# why; or if what was mended did not run by the same call, or its error stayed.
def test_what_goes_wrong_fails_what_stands_on_it_and_no_more(tmp_path: Path) -> None:
    store = Store(tmp_path)
    raises, twice, hangs = Raises(1), Dies(2), Counts(-1)
    above = Plain(1, (Plain(2, (raises,)), Plain(4)))
    fine = Plain(3, (Plain(4),))
    state = run_stages((above, fine, Plain(5, (twice,)), hangs), store, 2, second, nothing, Care(retries=1, time_limit=1.0))
    assert set(state.failed) == {raises, above, Plain(2, (raises,)), twice, Plain(5, (twice,)), hangs}
    assert state.done == {fine, Plain(4)}
    assert not state.waiting
    assert len((tmp_path / f"{twice!r}.draft" / "attempts").read_text().splitlines()) == 2
    assert "stands on Raises" in state.failed[above]
    assert {s: store.error(s).read_text().splitlines()[-1] for s in (raises, twice, hangs)} == {
        raises: "ArithmeticError: number 1",
        twice: "its worker was killed by signal SIGKILL, 2 times. SIGKILL is often the system, out of memory: try fewer --jobs",
        hangs: "took longer than the 1 s of --time-limit, and was killed; it goes on from its checkpoint",
    }
    (tmp_path / "mended").touch()
    again = run_stages((above, Plain(5, (twice,))), store, 1, second, nothing, Care())
    assert again.done == {raises, Plain(2, (raises,)), above, twice, Plain(5, (twice,))}
    pids = {(store.path(s) / "pid").read_text() for s in (Plain(2, (raises,)), above, Plain(5, (twice,)))}
    assert len(pids) == 1  # one warm worker did them all
    assert not store.error(raises).exists()
    assert not store.error(twice).exists()
    assert list(store.leases.names()) == [repr(hangs)]


# Broken if, where the traceback of a stage could not be kept, the reason of that were told in the place of the stage's own.
def test_the_cause_is_told_where_it_cannot_be_kept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.error(Raises(1)).mkdir()
    state = run_stages((Raises(1),), store, 1, second, nothing, Care())
    first, *_, last = state.failed[Raises(1)].strip().splitlines()
    assert str(store.error(Raises(1))) in first
    assert last == "ArithmeticError: number 1"
    said = StringIO()
    assert ended(state, store, Terminal(said, 500)) == 1
    assert f"failed: {Raises(1)!r}: ArithmeticError: number 1\n" in said.getvalue()


@contextmanager
def pressing(times: int, when: Callable[[], bool]) -> Iterator[None]:
    """Ctrl-C, so often, as soon as `when`, while the body runs; or when that should long have been: the body may wait for it."""
    over = threading.Event()

    def press() -> None:
        until = time.monotonic() + PATIENCE
        while not when() and time.monotonic() < until and not over.wait(0.01):
            pass
        for _ in range(times):
            if not over.is_set():  # it would hit the next test
                os.kill(os.getpid(), signal.SIGINT)
            over.wait(0.5)

    thread = threading.Thread(target=press, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(PATIENCE)


# Broken if Ctrl-C lost what a stage had done, began another stage, or did not end; or if a second waited for a stage that is deaf.
def test_one_interrupt_drains_and_two_stop_at_once(tmp_path: Path) -> None:
    store, counts, deaf = Store(tmp_path), Counts(-1, (Plain(1),)), Counts(-2, listens=False)
    with pressing(1, (tmp_path / "began -1").exists):
        state = run_stages((Plain(9, (counts,)),), store, 1, second, nothing, Care())
    assert state.stopped
    assert (state.done, state.waiting, state.failed) == ({Plain(1)}, {counts, Plain(9, (counts,))}, {})
    count = int((tmp_path / f"{counts!r}.draft" / "count.json").read_text())
    assert count > 0
    assert not list((tmp_path / "leases").iterdir())
    with pytest.raises(KeyboardInterrupt), pressing(2, (tmp_path / "began -2").exists):
        run_stages((counts, deaf), store, 2, second, nothing, Care())
    assert int((tmp_path / f"{counts!r}.draft" / "count.json").read_text()) >= count
    for held in store.leases.names():
        holder = store.leases.holder(held)
        assert holder is None or holder.dead


@dataclass(frozen=True, eq=False, repr=False)
class Asks(Plain):
    """Asks without a pause whether to stop."""

    def run(self, out: Path, store: Store) -> None:
        while not store.stopping():
            pass


# Broken if a worker that is killed while it asks whether to stop kept the others, which ask as well, waiting for ever.
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # forked, to begin at once: nothing else runs here
def test_a_worker_that_is_killed_takes_no_lock_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.running.workers.CONTEXT", get_context("fork"))
    state = run_stages((Asks(1), Asks(2), Counts(3)), Store(tmp_path), 1, second, nothing, Care(time_limit=0.5))
    assert set(state.failed) == {Asks(1), Asks(2)}
    assert state.done == {Counts(3)}


# Broken if what an error says were taken for markup: a part of it would be missing, or the run would end with it.
def test_errors_are_told_to_the_letter(tmp_path: Path) -> None:
    error = "ValueError: on [cuda:0, cpu], not [/b] at all"
    state, store = State(failed={Plain(1): error}), Store(tmp_path)
    plan = Plan(1, (Plain(1),), frozenset(), {}, 1)
    clock, said = Clock(plan, store), StringIO()
    console = Terminal(said, 500)
    ended(state, store, console)
    Lines(console, clock, {Plain(1): "plain"})(state)
    console.print(screen(state, clock, {Plain(1): "plain"}))
    assert said.getvalue().count(error) == 3


# Broken if a stage that somebody else is at kept a slot waiting, or were run twice.
def test_what_somebody_else_is_at_is_left_to_them(tmp_path: Path) -> None:
    store, shared = Store(tmp_path), Plain(1)
    lease = store.leases.attempt(repr(shared))
    assert lease is not None
    seen: list[set[Stage]] = []

    def watch(state: State) -> None:
        seen.append(set(state.done))
        if state.done >= {Plain(2), Plain(3)}:
            (store.path(shared)).mkdir(exist_ok=True)
            for made in ("stage.json", "run.json"):
                write_json(store.path(shared) / made, {})
            write_json(store.path(shared) / SEAL, sealed(store.path(shared), shared.meaning).record())

    with lease:
        state = run_stages((Plain(4, (shared,)), Plain(2), Plain(3)), store, 1, second, watch, Care())
    assert {Plain(2), Plain(3)} in seen
    assert state.done == {shared, Plain(2), Plain(3), Plain(4, (shared,))}
    assert not (store.path(shared) / "pid").exists()


# Broken if the stage at the start of the longest chain did not go first, or a stage went before what it is made of.
def test_the_longest_chain_goes_first(tmp_path: Path) -> None:
    deep = Plain(3, (Plain(2, (Plain(1),)),))
    broad = tuple(Plain(n) for n in range(10, 14))
    agenda = Agenda((*broad, deep), Store(tmp_path), second)
    order = []
    while not agenda.over:
        stage = agenda.next()
        assert stage is not None
        order.append(stage)
        agenda.done(stage)
    assert order == [Plain(1), Plain(2, (Plain(1),)), *broad, deep]  # equally long at the end: as they were asked for


# Broken if what stands on a failure were waited for, if what is to wait ran, or if a run that has done all were said to have been stopped.
def test_what_fails_and_what_waits(tmp_path: Path) -> None:
    base, other = Plain(1), Plain(2)
    above, beside = Plain(3, (base, other)), Plain(4, (other,))
    top = Plain(5, (above,))
    agenda = Agenda((top, beside), Store(tmp_path), second)
    assert (agenda.next(), agenda.next(), agenda.next()) == (base, other, None)
    agenda.again(other, 60.0)
    assert agenda.next() is None
    assert agenda.state.waiting == {other, above, beside, top}
    agenda.fail(base, "reason")
    assert agenda.state.failed.keys() == {base, above, top}
    assert agenda.state.waiting == {other, beside}
    assert not agenda.over
    agenda.stop()
    assert agenda.over
    assert agenda.state.stopped
    whole = Agenda((base,), Store(tmp_path), second)
    whole.next()
    whole.stop()
    assert not whole.over
    whole.done(base)
    assert whole.over
    assert not whole.state.stopped


@dataclass(frozen=True, eq=False, repr=False)
class Shaped(Plain):
    """A stage that may run as one with others of its shape."""

    shape: str = "a"

    @property
    def stacks(self) -> str:
        return self.shape


# Broken if stages of two shapes ran as one, one began while its like had to wait for a stage that runs, or all crowded into one slot.
def test_stages_of_one_shape_run_as_one(tmp_path: Path) -> None:
    base, single = Plain(1), Plain(2)
    early, late = tuple(Shaped(n) for n in (3, 4, 5)), Shaped(6, (base,))
    other = tuple(Shaped(n, shape="b") for n in (7, 8))
    agenda = Agenda((*early, late, *other, base, single), Store(tmp_path), second)
    assert agenda.as_one(8) == [base]  # the longest chain
    assert agenda.as_one(8) == [*other]  # of the other shape one waits for the base
    assert agenda.as_one(8) == [single]
    assert agenda.as_one(8) == []
    agenda.done(base)
    assert [agenda.as_one(3), agenda.as_one(3), agenda.as_one(3)] == [[*early], [late], []]  # at most three
    whole = Agenda(early, Store(tmp_path), second)
    assert [whole.as_one(8, slots) for slots in (2, 1)] == [[*early[:2]], [early[2]]]
    assert Agenda(early, Store(tmp_path), second).as_one(1) == [early[0]]


# Broken if many that stand on a stage counted as if they had to run one after the other.
def test_a_chain_is_as_long_as_its_longest_branch(tmp_path: Path) -> None:
    one, many = Plain(1), Plain(2)
    agenda = Agenda((Plain(3, (one,)), *(Plain(n, (many,)) for n in (4, 5, 6))), Store(tmp_path), second)
    assert (agenda.next(), agenda.next()) == (one, many)


# Broken if what a stage costs the engine grew with the number of stages: a store of many would stand still.
def test_the_work_of_the_agenda_is_linear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []
    for chains in (20, 80):
        stages = [Plain(i, (Plain(i, (Plain(-1),)),)) for i in range(chains)]
        calls = [0]

        def counted(stage: Stage, calls: list[int] = calls, upstream: Any = Stage.__dict__["upstream"]) -> tuple[Stage, ...]:
            calls[0] += 1
            return upstream.__get__(stage)

        monkeypatch.setattr(Stage, "upstream", property(counted))
        hashes, plain = [0], Stage.__hash__

        def hashed(stage: Stage, hashes: list[int] = hashes, plain: Callable[[Stage], int] = plain) -> int:
            hashes[0] += 1
            return plain(stage)

        monkeypatch.setattr(Stage, "__hash__", hashed)
        agenda = Agenda(stages, Store(tmp_path), second)
        while not agenda.over:
            stage = agenda.next()
            assert stage is not None
            agenda.done(stage)
        monkeypatch.undo()
        counts.append((calls[0], hashes[0]))
    assert counts[1][0] <= 4 * counts[0][0]
    assert counts[1][1] <= 4.5 * counts[0][1]
