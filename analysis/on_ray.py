"""The same stages as tasks on a Ray cluster, whose machines share the results folder: `--engine ray`, with the extra `[ray]`.

Ray chooses where a task runs; the store and its leases say what is there, as they do everywhere. RAY_ADDRESS names a cluster; without it
one is started on this machine, that listens to nobody else, and ended.
"""

import math
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import ray

from analysis.agenda import Agenda, State
from analysis.engine import BUSY, TICK, Care, asked_to_stop, keep_error
from analysis.workers import Done, Failed, Outcome, evaluate
from train.stage import Stage
from train.store import Machine, Store
from train.trackers import Tracker


def run_on_ray(
    stages: Sequence[Stage], store: Store, jobs: int, cost: Callable[[Stage], float], watch: Callable[[State], None], care: Care
) -> State:
    """Evaluate `stages` and all they are made of as Ray tasks, `jobs` at a time. Ctrl-C once: no stage begins; twice: at once."""
    agenda = Agenda(stages, store, cost)
    if agenda.over:
        return agenda.state
    if "RAY_ADDRESS" in os.environ:
        ray.init(log_to_driver=False)
    else:
        ray.init(num_cpus=jobs * store.machine.threads, include_dashboard=False, _node_ip_address="127.0.0.1", log_to_driver=False)
    try:
        with asked_to_stop(agenda.stop):
            _drive(agenda, store, jobs, watch, care)
    finally:
        ray.shutdown()
    return agenda.state


def _drive(agenda: Agenda, store: Store, jobs: int, watch: Callable[[State], None], care: Care) -> None:
    machine, limit = store.machine, care.time_limit or math.inf
    task = ray.remote(_task).options(
        num_cpus=machine.threads,
        num_gpus=machine.share if machine.device.type == "cuda" else 0,
        max_retries=care.retries,  # of a task whose worker died; an error is an outcome
    )
    under_way: dict[object, Stage] = {}
    while not agenda.over:
        while len(under_way) < jobs and (stage := agenda.next()) is not None:
            under_way[task.remote(stage, str(store.root.absolute()), machine, store.checkpoint_seconds, store.tracker)] = stage
        if under_way:
            ended, _ = ray.wait(list(under_way), timeout=TICK)
            for reference in ended:
                _settle(agenda, store, under_way.pop(reference), _outcome(reference))
        else:
            time.sleep(TICK)  # all that is left is somebody else's
        for reference, stage in list(under_way.items()):
            if time.monotonic() - agenda.state.running[stage] > limit:
                ray.cancel(reference, force=True)
                del under_way[reference]
                _settle(agenda, store, stage, Failed(f"took longer than the {limit:g} s of --time-limit, and was killed"))
        watch(agenda.state)


def _outcome(reference: object) -> Outcome:
    try:
        outcome: Outcome = ray.get(reference)
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
    """Run a stage in one of Ray's workers."""
    return evaluate(stage, Store(Path(root), machine, checkpoint_seconds, tracker=tracker))
