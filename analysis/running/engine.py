"""Running many stages at once on this machine: one process a slot. What happens to a stage happens to what stands on it, and no more."""

import math
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from types import FrameType
from typing import Annotated, Protocol

from analysis.running.agenda import Agenda, State
from analysis.running.workers import Begun, Busy, Done, Failed, Outcome, Place, Saved, Worker
from synthtasks.checked import Above, From, check
from train.stages.disk import replacing, writing
from train.stages.stage import Stage
from train.stages.store import Store

TICK = 0.5  # seconds between looks at what is running
SHOWN = 20  # of the time at most one part in so many is spent on showing it
PATIENCE = 600.0  # seconds that a worker may take until it begins
BUSY = 2.0  # seconds after which a stage that somebody else is at is asked for again


@dataclass(frozen=True)
class Care:
    """How stages that go wrong are dealt with. A stage that raises an error is not tried again: it would raise it again."""

    retries: Annotated[int, From(0)] = 1  # of a stage whose worker died, which goes on from its checkpoint
    time_limit: Annotated[float, Above(0)] | None = None  # seconds from where it begins; one that takes longer is killed, and has failed

    def __post_init__(self) -> None:
        check(self)


class Engine(Protocol):
    """A way of running many stages."""

    def __call__(
        self, stages: Sequence[Stage], store: Store, jobs: int, cost: Callable[[Stage], float], watch: Callable[[State], None], care: Care
    ) -> State: ...


def run_stages(
    stages: Sequence[Stage],
    store: Store,
    jobs: int,
    cost: Callable[[Stage], float],  # seconds, roughly
    watch: Callable[[State], None],
    care: Care,
) -> State:
    """Evaluate `stages` and all they are made of, `jobs` at a time, together with whoever else is at the same store.

    Ctrl-C, or SIGTERM, once: no stage begins, those that learn save a checkpoint and stop, the others end. Ctrl-C twice: all stop at once.

    Raises:
        KeyboardInterrupt: at the second Ctrl-C.
    """
    agenda = Agenda(stages, store, cost)
    if agenda.over:
        return agenda.state
    pool = Pool(agenda, store, care, Place(store.root, store.machine, store.checkpoint_seconds, store.tracker), jobs)
    with writing(store.root):
        for name in [n for n in store.leases.names() if (store.root / n).exists()]:
            store.leases.forget(name)  # of who was killed when all was done but this
    shown = took = 0.0
    with asked_to_stop(agenda.stop):
        try:
            while not agenda.over:
                pool.fill()
                pool.settle()
                if agenda.state.stopping:
                    pool.stop()
                if (now := time.monotonic()) - shown >= max(TICK, SHOWN * took):
                    watch(agenda.state)
                    shown = time.monotonic()
                    took = shown - now
            watch(agenda.state)
        finally:
            pool.close()
    return agenda.state


class Pool:
    """The workers, and what they are at."""

    def __init__(self, agenda: Agenda, store: Store, care: Care, place: Place, jobs: int):
        self.agenda, self.store, self.care, self.place, self.jobs = agenda, store, care, place, jobs
        self.idle: list[Worker] = []
        self.busy: list[Worker] = []
        self.deaths: Counter[Stage] = Counter()

    def fill(self) -> None:
        """Give every free slot a stage."""
        while len(self.busy) < self.jobs and (stage := self.agenda.next()) is not None:
            worker = self.idle.pop() if self.idle else Worker(self.place)
            worker.begin(stage)
            self.busy.append(worker)

    def settle(self) -> None:
        """Wait for something to end, a moment at most, and draw the consequences."""
        heard = wait([w.connection for w in self.busy], TICK)
        for worker in [w for w in self.busy if w.connection in heard]:
            self._settle(worker, worker.outcome())
        limit, now = self.care.time_limit or math.inf, time.monotonic()
        for worker in [w for w in self.busy if now - w.since > limit]:
            self.busy.remove(worker)
            worker.kill()
            self._fail(worker.at, too_long(limit))
        for worker in [w for w in self.busy if w.since == math.inf and now - w.given > PATIENCE]:
            self._settle(worker, None)  # it hangs where it loads what it needs

    def stop(self) -> None:
        """Let the workers save what they have, and stop."""
        for worker in self.busy:
            worker.stop()

    def close(self) -> None:
        """End the workers."""
        for worker in (*self.idle, *self.busy):
            worker.kill()

    def _settle(self, worker: Worker, outcome: Outcome | None) -> None:
        stage = worker.at
        if isinstance(outcome, Begun):
            worker.since = self.agenda.state.running[stage] = time.monotonic()
            return
        self.busy.remove(worker)
        if outcome is not None:
            self.idle.append(worker)
        match outcome:
            case Done():
                self.agenda.done(stage)
            case Busy():
                self.agenda.again(stage, BUSY)
            case Saved():
                self.agenda.again(stage)
            case Failed(traceback):
                self._fail(stage, traceback)
            case None:
                end = worker.kill()
                self.deaths[stage] += 1
                if self.deaths[stage] <= self.care.retries:
                    self.agenda.again(stage)
                else:
                    often = f"{self.deaths[stage]} times" if self.deaths[stage] > 1 else "once"
                    self._fail(stage, f"its worker was {end}, {often}. SIGKILL is often the system, out of memory: try fewer --jobs")

    def _fail(self, stage: Stage, error: str) -> None:
        self.agenda.fail(stage, keep_error(self.store, stage, error) + error)


def too_long(limit: float) -> str:
    """Why a stage was killed that took longer than so many seconds."""
    return f"took longer than the {limit:g} s of --time-limit, and was killed; it goes on from its checkpoint"


def keep_error(store: Store, stage: Stage, error: str) -> str:
    """Write what went wrong beside the results; what is to be said before it, whose last line is the cause, where even that cannot be
    written."""
    try:
        with replacing(store.error(stage)) as file:
            file.write((error.rstrip() + "\n").encode(errors="backslashreplace"))
    except OSError as reason:
        return f"(this could not be written to {store.error(stage)}: {reason})\n"
    return ""


@contextmanager
def asked_to_stop(drain: Callable[[], None]) -> Iterator[None]:
    """Call `drain` at the first Ctrl-C or SIGTERM; a second Ctrl-C does what it always does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}

    def asked(number: int, frame: FrameType | None) -> None:
        drain()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    for s in before:
        signal.signal(s, asked)
    try:
        yield
    finally:
        for s, handler in before.items():
            signal.signal(s, handler)
