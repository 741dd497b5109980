"""The same stages as tasks on a Ray cluster, whose machines share the results folder: `--engine ray`, with the extra `[ray]`.

Ray chooses where a task runs; the store and its leases say what is there, as they do everywhere. RAY_ADDRESS names a cluster; without it
one is started on this machine, and ended; Ray lets nobody use that who has not the token that it keeps in `~/.ray`.
"""

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import ray

from analysis.agenda import Agenda, State
from analysis.engine import BUSY, TICK, Care, asked_to_stop, keep_error
from analysis.workers import Done, Failed, Outcome, Saved, evaluate
from train.machine import Machine
from train.stage import Stage
from train.store import Store
from train.trackers import Tracker

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
    """What a stage takes."""
    return machine.threads * machine.devices


def _drive(agenda: Agenda, store: Store, jobs: int, watch: Callable[[State], None], care: Care) -> None:
    machine, limit = store.machine, care.time_limit or math.inf
    task = ray.remote(_task).options(
        num_cpus=_cores(machine),
        num_gpus=(machine.memory_fraction if machine.devices == 1 else machine.devices) if machine.device.type == "cuda" else 0,
        max_retries=care.retries,  # of a task whose worker died; an error is an outcome
    )
    under_way: dict[object, Stage] = {}
    asked = False
    while not agenda.over:
        while len(under_way) < jobs and (stage := agenda.next()) is not None:
            under_way[task.remote(stage, str(store.root.absolute()), machine, store.checkpoint_seconds, store.tracker)] = stage
        if under_way:
            ended, _ = ray.wait(list(under_way), timeout=TICK)
            for reference in ended:
                stage = under_way.pop(reference)
                _settle(agenda, store, stage, _outcome(reference, store, stage))
        else:
            time.sleep(TICK)  # all that is left is somebody else's
        if agenda.state.stopping and not asked:
            asked = True
            for reference in under_way:
                ray.cancel(reference)
        for reference, stage in list(under_way.items()):
            if time.monotonic() - agenda.state.running[stage] > limit:
                ray.cancel(reference, force=True)
                del under_way[reference]
                _settle(agenda, store, stage, Failed(f"took longer than the {limit:g} s of --time-limit, and was killed"))
        watch(agenda.state)


def _outcome(reference: object, store: Store, stage: Stage) -> Outcome:
    try:
        outcome: Outcome = ray.get(reference)
    except ray.exceptions.TaskCancelledError:
        return Done() if store.has(stage) else Saved()
    except ray.exceptions.RayError as death:
        return Failed(f"its worker died, as often as it was tried: {death}")
    return outcome


def _settle(agenda: Agenda, store: Store, stage: Stage, outcome: Outcome) -> None:
    match outcome:
        case Done():
            agenda.done(stage)
        case Failed(traceback):
            agenda.fail(stage, keep_error(store, stage, traceback) + traceback)
        case _:
            agenda.again(stage, BUSY)


def _task(stage: Stage, root: str, machine: Machine, checkpoint_seconds: float, tracker: Tracker | None) -> Outcome:
    """Run a stage in one of Ray's workers. To cancel it is to ask it to stop: Ray does so by what Ctrl-C does."""
    asked = threading.Event()
    before = signal.signal(signal.SIGINT, lambda number, frame: asked.set())
    try:
        return evaluate(stage, Store(Path(root), machine, checkpoint_seconds, asked.is_set, tracker=tracker))
    finally:
        signal.signal(signal.SIGINT, before)
