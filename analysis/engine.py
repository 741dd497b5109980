"""Running many stages at once: one process a slot, ready stages longest first, shared ones once."""

import multiprocessing
import os
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from train.stage import Stage, closure, upstream
from train.store import Machine, Store
from train.trackers import Tracker

TICK = 0.5  # seconds between looks at what is running


@dataclass
class State:
    """Where a run stands. `failed` holds the traceback of a stage that failed, or names the one it waited for."""

    waiting: set[Stage] = field(default_factory=set)
    running: dict[Stage, float] = field(default_factory=dict)  # and since when (time.monotonic)
    done: set[Stage] = field(default_factory=set)
    already: set[Stage] = field(default_factory=set)  # was there before the run
    failed: dict[Stage, str] = field(default_factory=dict)


def run_stages(
    stages: Sequence[Stage],
    store: Store,
    jobs: int,
    cost: Callable[[Stage], float],  # seconds, roughly
    watch: Callable[[State], None],
) -> State:
    """Evaluate `stages` and all they are made of, `jobs` at a time. A failed stage fails what stands on it, and no more."""
    state = State()
    for stage in closure(stages):
        (state.already if store.has(stage) else state.waiting).add(stage)
    if not state.waiting:
        return state
    remaining = _remaining(state.waiting, cost)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context, _initialise, (os.getpid(),)) as pool:
        futures: dict[Future[str | None], Stage] = {}
        try:
            while state.waiting or state.running:
                settled = state.already | state.done
                ready = [s for s in state.waiting if all(u in settled for u in upstream(s))]
                for stage in sorted(ready, key=lambda s: -remaining[s])[: jobs - len(state.running)]:
                    futures[pool.submit(_evaluate, stage, store.root, store.machine, store.checkpoint_seconds, store.tracker)] = stage
                    state.waiting.remove(stage)
                    state.running[stage] = time.monotonic()
                finished, _ = wait(futures, TICK, FIRST_COMPLETED)
                for future in finished:
                    stage = futures.pop(future)
                    del state.running[stage]
                    error = future.result()
                    if error is None:
                        state.done.add(stage)
                    else:
                        _fail(state, stage, error)
                watch(state)
        except BaseException:
            for process in multiprocessing.active_children():
                process.terminate()  # their checkpoints stay, and the next run continues them
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return state


def _remaining(waiting: set[Stage], cost: Callable[[Stage], float]) -> Mapping[Stage, float]:
    """Seconds from the start of each stage to the end of the longest chain that stands on it."""
    longest: dict[Stage, float] = {}
    for stage in reversed(closure(tuple(waiting))):
        longest[stage] = longest.get(stage, 0.0) + cost(stage)
        for part in upstream(stage):
            longest[part] = max(longest.get(part, 0.0), longest[stage])
    return longest


def _fail(state: State, stage: Stage, error: str) -> None:
    state.failed[stage] = error
    for other in [s for s in state.waiting if stage in set(upstream(s))]:
        if other in state.waiting:
            state.waiting.remove(other)
            _fail(state, other, f"stands on {stage}, which failed")


def _initialise(parent: int) -> None:
    """A worker dies with its parent, so that a killed run leaves nobody holding its locks."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _evaluate(stage: Stage, root: Path, machine: Machine, checkpoint_seconds: float, tracker: Tracker | None) -> str | None:
    """Run a stage in a worker; the traceback, if it failed."""
    try:
        Store(root, machine, checkpoint_seconds, tracker).get(stage)
    except Exception:  # reported to the parent, which fails what stands on this stage
        return traceback.format_exc()
    return None
