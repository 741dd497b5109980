"""Stages as tasks on a Ray cluster, whose machines share the results folder: `--engine ray`, with the extra `[ray]`.

Ray chooses the machine of a task; the store and its leases say which results exist, as everywhere. RAY_ADDRESS names a cluster; without it
one is started on this machine, and ended; only holders of the token that Ray keeps in `~/.ray` can use that one.
"""

import math
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path

import ray

from analysis.running.agenda import State
from analysis.running.engine import TICK, Care, Pool
from analysis.running.workers import Outcome, evaluate
from synthtasks.console.stdout import say_every_character
from train.stages.machine import Machine
from train.stages.stage import Stage, Tracker
from train.stages.store import Store

OBJECTS = 80 * 2**20  # bytes of Ray's object store, the least that it takes: only names of results go through it


def run_on_ray(
    stages: Sequence[Stage], store: Store, jobs: int, cost: Callable[[Stage], float], watch: Callable[[State], None], care: Care
) -> State:
    """Evaluate `stages` and all they build on as Ray tasks, `jobs` at a time.

    The first Ctrl-C, or SIGTERM: no stage begins, those that learn save a checkpoint and stop, the others end. A second Ctrl-C stops all.

    Raises:
        KeyboardInterrupt: at the second Ctrl-C.
    """
    tasks = Tasks(stages, store, jobs, cost, care)
    if tasks.agenda.over:
        return tasks.agenda.state
    start = partial(ray.init, log_to_driver=False, logging_level="error")
    if "RAY_ADDRESS" in os.environ:
        start()
    else:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray's telemetry
        os.environ.setdefault("RAY_worker_niceness", "0")  # Ray's default of 15 starves its workers on a busy machine
        start(num_cpus=jobs * store.machine.threads, include_dashboard=False, object_store_memory=OBJECTS)
    return tasks.drive(watch)


class Tasks(Pool):
    """Tasks on a Ray cluster, which is left, or ended if it was started here, when all is done."""

    def __init__(self, stages: Sequence[Stage], store: Store, jobs: int, cost: Callable[[Stage], float], care: Care):
        super().__init__(stages, store, jobs, cost, care)
        machine = store.machine
        if machine.stack > 1:
            raise ValueError(f"on Ray each stage runs alone; found Machine.stack={machine.stack}: leave --engine out, or take stack=1")
        self.remote = ray.remote(_task).options(
            num_cpus=machine.threads,
            num_gpus=machine.memory_fraction if machine.device.type == "cuda" else 0,
            num_returns="streaming",
            max_retries=0,  # `settle` counts retries, so that all messages of a task come from one attempt
        )
        self.place = (str(store.root.absolute()), machine, store.checkpoint_seconds, store.tracker)
        self.tasks: dict[Iterator[object], Stage] = {}  # by their messages, as references; Ray can wait for the next

    @property
    def taken(self) -> int:
        return len(self.tasks)

    def begin(self, stages: Sequence[Stage]) -> None:
        for stage in stages:  # one: a machine that stacks is refused
            self.tasks[self.remote.remote(pickle.dumps(stage), sys.path, *self.place)] = stage

    def wait(self) -> None:
        if not self.tasks:
            time.sleep(TICK)  # other processes run all that is left
            return
        for messages in ray.wait(list(self.tasks), timeout=TICK)[0]:
            stage = self.tasks[messages]
            outcome = self._outcome(messages, stage)
            if outcome.kind != "begun":
                del self.tasks[messages]
            self.settle(stage, outcome)
        late = self.late(math.inf)  # time in Ray's queue does not count
        for messages, stage in [task for task in self.tasks.items() if task[1] in late]:
            ray.cancel(messages, force=True)
            del self.tasks[messages]
            self.overrun(stage)

    def _outcome(self, messages: Iterator[object], stage: Stage) -> Outcome:
        try:
            outcome: Outcome = ray.get(next(messages))
        except (ray.exceptions.TaskCancelledError, StopIteration):  # of a cancelled task Ray may drop the last message
            return Outcome("done" if self.store.has(stage) else "saved")
        except ray.exceptions.RayError as death:
            return Outcome("died", f"died ({death})")
        return outcome

    def stop(self) -> None:
        for messages in self.tasks:
            ray.cancel(messages)

    def close(self) -> None:
        ray.shutdown()


def _task(
    pickled: bytes, path: Sequence[str], root: str, machine: Machine, checkpoint_seconds: float, tracker: Tracker | None
) -> Iterator[Outcome]:
    """Run a stage in one of Ray's workers, and yield its messages. Ray cancels a task by SIGINT, which here asks the stage to stop."""
    say_every_character()
    sys.path += [place for place in path if place not in sys.path]  # the folder of a study's own file may be among them
    stage: Stage = pickle.loads(pickled)
    stopping = threading.Event()
    before = signal.signal(signal.SIGINT, lambda number, frame: stopping.set())
    try:
        import_module("torch")  # slow, and no part of the time that a stage may take
        yield Outcome("begun")
        yield evaluate(stage, Store(Path(root), machine, checkpoint_seconds, stopping.is_set, tracker=tracker))
    finally:
        signal.signal(signal.SIGINT, before)
