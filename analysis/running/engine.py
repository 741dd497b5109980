"""Engines: they run many stages at once, here with one process a slot. A failure stops the stages that depend on it, and no others."""

import math
import signal
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait
from types import FrameType
from typing import Annotated

from analysis.running.agenda import Agenda, State
from analysis.running.workers import Outcome, Worker
from synthtasks.checked import Above, Checked, From
from train.stages.disk import replacing, writing
from train.stages.stage import Stage
from train.stages.store import Store

TICK = 0.5  # seconds between two checks of the running stages
SHOWN = 20  # at most one part in so many of the time is spent on showing progress
PATIENCE = 600.0  # seconds that a worker may take until it begins a stage
BUSY = 2.0  # seconds until a stage that another process runs is tried again


@dataclass(frozen=True)
class Care(Checked):
    """Treatment of stages that go wrong. A stage that raises an error is not tried again: it would raise it again."""

    retries: Annotated[int, From(0)] = 1  # of a stage whose worker died; it continues from its checkpoint
    time_limit: Annotated[float, Above(0)] | None = None  # seconds from its start after which a stage is killed, and has failed


Engine = Callable[[Sequence[Stage], Store, int, Callable[[Stage], float], Callable[[State], None], Care], State]
"""Runs stages in a store, in so many slots; gets an estimate of each stage's seconds, and a function that shows progress."""


class Pool(ABC):
    """The stages that run at the moment, in at most `jobs` slots."""

    def __init__(self, stages: Sequence[Stage], store: Store, jobs: int, cost: Callable[[Stage], float], care: Care):
        self.agenda, self.store, self.jobs = Agenda(stages, store, cost), store, jobs
        self.retries, self.limit = care.retries, care.time_limit or math.inf
        self.deaths: Counter[Stage] = Counter()
        self.begun: set[Stage] = set()  # running stages whose workers have sent `begun`; the others wait in a queue, or load modules

    @property
    @abstractmethod
    def taken(self) -> int:
        """The slots in which something runs."""

    @abstractmethod
    def begin(self, stages: Sequence[Stage]) -> None:
        """Give stages that run as one to a worker."""

    @abstractmethod
    def wait(self) -> None:
        """Wait at most `TICK` for messages, settle the outcomes, and kill the stages that are late."""

    @abstractmethod
    def stop(self) -> None:
        """Ask every running stage to save a checkpoint and stop."""

    @abstractmethod
    def close(self) -> None:
        """End all workers."""

    def drive(self, watch: Callable[[State], None]) -> State:
        """Run the agenda to its end, and show each state to `watch`."""
        shown, took, stopped, most = 0.0, 0.0, False, self.store.machine.stack
        with asked_to_stop(self.agenda.stop):
            try:
                while not self.agenda.over:
                    while self.taken < self.jobs and (stages := self.agenda.as_one(most, self.jobs - self.taken)):
                        self.begin(stages)
                    self.wait()
                    if self.agenda.state.stopping and not stopped:
                        self.stop()
                        stopped = True
                    if (now := time.monotonic()) - shown >= max(TICK, SHOWN * took):
                        watch(self.agenda.state)
                        shown = time.monotonic()
                        took = shown - now
                watch(self.agenda.state)
            finally:
                self.close()
        return self.agenda.state

    def settle(self, stage: Stage, outcome: Outcome) -> None:
        """Enter an outcome into the agenda."""
        self.begun.discard(stage)
        self.deaths[stage] += outcome.kind == "died"
        match outcome.kind:
            case "begun":
                self.begun.add(stage)
                self.agenda.state.running[stage] = time.monotonic()
            case "done":
                self.agenda.done(stage)
            case "busy" | "saved":
                self.agenda.again(stage, BUSY)
            case "died" if self.deaths[stage] <= self.retries:
                self.agenda.again(stage)
            case "died":
                often = f"{self.deaths[stage]} times" if self.retries else "once"
                self.fail(stage, f"its worker {outcome.error}, {often}. SIGKILL is often the system, out of memory: try fewer --jobs")
            case "failed":
                self.fail(stage, outcome.error)

    def fail(self, stage: Stage, error: str) -> None:
        """Enter a failure, and write its cause beside the results. If that cannot be written, the message says so before the cause."""
        try:
            with replacing(self.store.error(stage)) as file:
                file.write((error.rstrip() + "\n").encode(errors="backslashreplace"))
        except OSError as reason:
            error = f"(this could not be written to {self.store.error(stage)}: {reason})\n{error}"
        self.agenda.fail(stage, error)

    def late(self, patience: float) -> set[Stage]:
        """The running stages that took longer than the time limit, or did not begin within `patience` seconds."""
        now, running = time.monotonic(), self.agenda.state.running
        return {s for s, since in running.items() if now - since > (self.limit if s in self.begun else patience)}

    def overrun(self, stage: Stage) -> None:
        """Enter that a stage was killed because it took longer than the time limit."""
        self.begun.discard(stage)
        self.fail(stage, f"took longer than the {self.limit:g} s of --time-limit, and was killed; it goes on from its checkpoint")


def run_stages(
    stages: Sequence[Stage], store: Store, jobs: int, cost: Callable[[Stage], float], watch: Callable[[State], None], care: Care
) -> State:
    """Evaluate `stages` and all they build on, `jobs` at a time, sharing the work with other processes at the same store. `cost`
    estimates the seconds of a stage.

    The first Ctrl-C, or SIGTERM: no stage begins, those that learn save a checkpoint and stop, the others end. A second Ctrl-C stops all.

    Raises:
        KeyboardInterrupt: at the second Ctrl-C.
    """
    pool = Workers(stages, store, jobs, cost, care)
    if pool.agenda.over:
        return pool.agenda.state
    with writing(store.root):
        for name in [n for n in store.leases.names() if (store.root / n).exists()]:
            store.leases.forget(name)  # its holder was killed after its stage was finished
    return pool.drive(watch)


class Workers(Pool):
    """Worker processes on this machine."""

    def __init__(self, stages: Sequence[Stage], store: Store, jobs: int, cost: Callable[[Stage], float], care: Care):
        super().__init__(stages, store, jobs, cost, care)
        self.idle, self.busy = list[Worker](), list[Worker]()

    @property
    def taken(self) -> int:
        return len(self.busy)

    def begin(self, stages: Sequence[Stage]) -> None:
        self.busy.append(self.idle.pop() if self.idle else Worker(self.store))
        self.busy[-1].begin(stages)

    def wait(self) -> None:
        ready = wait([w.connection for w in self.busy], TICK)
        for worker in [w for w in self.busy if w.connection in ready]:
            for stage, outcome in worker.outcomes():
                self.settle(stage, outcome)
            if not worker.at:
                self.busy.remove(worker)
                self.idle += [worker] * worker.alive
        late = self.late(PATIENCE)
        for worker in [w for w in self.busy if not late.isdisjoint(w.at)]:
            self.busy.remove(worker)
            end = worker.kill()
            for stage in worker.at:
                if stage in self.begun:
                    self.overrun(stage)
                else:
                    self.settle(stage, Outcome("died", end))

    def stop(self) -> None:
        for worker in self.busy:
            worker.stop()

    def close(self) -> None:
        for worker in (*self.idle, *self.busy):
            worker.kill()


@contextmanager
def asked_to_stop(drain: Callable[[], None]) -> Iterator[None]:
    """Call `drain` at the first Ctrl-C or SIGTERM; a second Ctrl-C raises KeyboardInterrupt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {s: signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)}

    def handle(number: int, frame: FrameType | None) -> None:
        drain()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    for s in before:
        signal.signal(s, handle)
    try:
        yield
    finally:
        for s, handler in before.items():
            signal.signal(s, handler)
