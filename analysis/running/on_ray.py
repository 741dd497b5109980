"""Stages as tasks on a Ray cluster, whose machines share the results folder: `--engine ray`, with the extra `[ray]`.

Ray chooses where a task runs; the store and its leases say what is there, as they do everywhere. RAY_ADDRESS names a cluster; without it
one is started on this machine, and ended; Ray lets nobody use that who has not the token that it keeps in `~/.ray`.
"""

import math
import os
import pickle
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import ray

from analysis.running.agenda import Agenda, State
from analysis.running.engine import BUSY, TICK, Care, asked_to_stop, keep_error, too_long
from analysis.running.workers import Begun, Busy, Done, Failed, Outcome, Saved, evaluate
from synthtasks.console.stdout import say_every_character
from train.stages.machine import Machine
from train.stages.stage import Stage, Tracker
from train.stages.store import Store

OBJECTS = 80 * 2**20  # bytes of memory for what Ray passes on, the least that it takes: here these are names of results


def run_on_ray(
    stages: Sequence[Stage], store: Store, jobs: int, cost: Callable[[Stage], float], watch: Callable[[State], None], care: Care
) -> State:
    """Evaluate `stages` and all they are made of as Ray tasks, `jobs` at a time.

    Ctrl-C, or SIGTERM, once: no stage begins, those that learn save a checkpoint and stop, the others end. Ctrl-C twice: all stop at once.

    Raises:
        KeyboardInterrupt: at the second Ctrl-C.
    """
    agenda = Agenda(stages, store, cost)
    if agenda.over:
        return agenda.state
    with _cluster(jobs * _cores(store.machine)), asked_to_stop(agenda.stop):
        _drive(agenda, store, jobs, watch, care)
    return agenda.state


@contextmanager
def _cluster(cores: int) -> Iterator[None]:
    """The cluster that RAY_ADDRESS names, or one on this machine."""
    if "RAY_ADDRESS" in os.environ:
        ray.init(log_to_driver=False, logging_level="error")
    else:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # what Ray would send to its makers
        os.environ.setdefault("RAY_worker_niceness", "0")  # Ray's is 15: on a busy machine its workers would hardly come to anything
        ray.init(
            num_cpus=cores,
            include_dashboard=False,
            object_store_memory=OBJECTS,
            log_to_driver=False,
            logging_level="error",
        )
    try:
        yield
    finally:
        ray.shutdown()


def _cores(machine: Machine) -> int:
    """The cores that a stage takes."""
    return machine.threads


class Said(Protocol):
    """The messages of a task, as references: that it began, and its outcome. Ray can wait for the next."""

    def __next__(self) -> object: ...


@dataclass(frozen=True)
class Died:
    """The worker died."""

    how: str


@dataclass
class Task:
    """A stage that Ray was given."""

    stage: Stage
    since: float = math.inf  # when it began (time.monotonic): until then it waits in Ray's queue, which costs it nothing


def _drive(agenda: Agenda, store: Store, jobs: int, watch: Callable[[State], None], care: Care) -> None:
    machine, limit = store.machine, care.time_limit or math.inf
    task = ray.remote(_task).options(
        num_cpus=_cores(machine),
        num_gpus=machine.memory_fraction if machine.device.type == "cuda" else 0,
        num_returns="streaming",
        max_retries=0,  # here it is tried again, so that what it says comes from one try
    )
    under_way: dict[Said, Task] = {}
    deaths: Counter[Stage] = Counter()
    asked = False
    while not agenda.over:
        while len(under_way) < jobs and (stage := agenda.next()) is not None:
            place = (str(store.root.absolute()), machine, store.checkpoint_seconds, store.tracker)
            under_way[task.remote(pickle.dumps(stage), sys.path, *place)] = Task(stage)
        if under_way:
            heard, _ = ray.wait(list(under_way), timeout=TICK)
            for said in heard:
                stage = under_way[said].stage
                outcome = _outcome(said, store, stage)
                if isinstance(outcome, Begun):
                    under_way[said].since = agenda.state.running[stage] = time.monotonic()
                    continue
                del under_way[said]
                if isinstance(outcome, Died):
                    deaths[stage] += 1
                    last = Failed(f"its worker died, as often as it was tried: {outcome.how}")
                    outcome = Busy() if deaths[stage] <= care.retries else last
                _settle(agenda, store, stage, outcome)
        else:
            time.sleep(TICK)  # all that is left is somebody else's
        if agenda.state.stopping and not asked:
            asked = True
            for said in under_way:
                ray.cancel(said)
        for said, one in list(under_way.items()):
            if time.monotonic() - one.since > limit:
                ray.cancel(said, force=True)
                del under_way[said]
                _settle(agenda, store, one.stage, Failed(too_long(limit)))
        watch(agenda.state)


def _outcome(said: Said, store: Store, stage: Stage) -> Outcome | Died:
    """The next message of a task, or what became of it."""
    try:
        outcome: Outcome = ray.get(next(said))
    except ray.exceptions.TaskCancelledError:
        return Done() if store.has(stage) else Saved()
    except ray.exceptions.RayError as death:
        return Died(str(death))
    return outcome


def _settle(agenda: Agenda, store: Store, stage: Stage, outcome: Outcome) -> None:
    match outcome:
        case Done():
            agenda.done(stage)
        case Failed(traceback):
            agenda.fail(stage, keep_error(store, stage, traceback) + traceback)
        case _:
            agenda.again(stage, BUSY)


def _task(
    pickled: bytes, path: Sequence[str], root: str, machine: Machine, checkpoint_seconds: float, tracker: Tracker | None
) -> Iterator[Outcome]:
    """Run a stage in one of Ray's workers: that it began, and its outcome. To cancel it is to ask it to stop: Ray does so by what Ctrl-C
    does."""
    say_every_character()
    sys.path += [place for place in path if place not in sys.path]  # among them that of a study's own file
    stage: Stage = pickle.loads(pickled)
    asked = threading.Event()
    before = signal.signal(signal.SIGINT, lambda number, frame: asked.set())
    try:
        yield Begun()
        yield evaluate(stage, Store(Path(root), machine, checkpoint_seconds, asked.is_set, tracker=tracker))
    finally:
        signal.signal(signal.SIGINT, before)
