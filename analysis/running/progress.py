"""The progress of a running study, and the time left."""

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from analysis.running.agenda import State
from analysis.running.plan import Plan, history, schedule
from train.stages.reading import read_note
from train.stages.stage import Stage
from train.stages.store import Store

TAIL = 4_096  # bytes at the end of a metrics file that hold its last lines
RECENT = 10  # iterations over which shown metrics are averaged


@dataclass(frozen=True)
class Standing:
    """The progress of a running stage."""

    iteration: int
    iterations: int
    text: str  # metrics, averaged over the last iterations


def standing(stage: Stage, store: Store) -> Standing | None:
    """The progress of a stage by its metrics; None if it writes none, or has not begun."""
    if (iterations := getattr(stage, "iterations", None)) is None:
        return None
    for folder in (store.path(stage), store.path(stage).with_name(store.path(stage).name + ".draft")):
        if rows := _tail(folder / "metrics.jsonl")[-RECENT:]:
            last = rows[-1]
            names = [*(("reward", "signal") if "reward" in last else ("loss",)), *(name for name in last if name.startswith("pass@"))]
            means = {name: sum(row.get(name, 0.0) for row in rows) / len(rows) for name in names if name in last}
            text = "  ".join(f"{name} {mean:.3f}" for name, mean in means.items())
            done = int(last["iteration"]) + 1
            whole = iterations if isinstance(iterations, int) else max(done, round(done / (last.get("spent") or 1.0)))  # of a budget
            return Standing(min(done, whole), whole, text)
    return None


def _tail(file: Path) -> list[dict[str, float]]:
    rows: list[dict[str, float]] = []
    if not file.is_file():  # a pipe would block the reader
        return rows
    with suppress(OSError), open(file, "rb") as f:
        f.seek(max(0, f.seek(0, 2) - TAIL))
        for line in f.read().split(b"\n")[:-1]:  # the last one may be half-written
            with suppress(ValueError, KeyError, RecursionError):  # a damaged line is reported by the process that continues the stage
                rows.append(read_note(line))
    return rows


@dataclass
class Clock:
    """The time left: by the plan at first, then by the finished stages. For an overdue stage it follows from its progress."""

    plan: Plan
    store: Store

    def left(self, state: State) -> float:
        """Seconds until all stages are done."""
        known = self.plan.seconds | (history(frozenset(state.done), self.store) if state.done else {})
        now = time.monotonic()
        as_one = max(1.0, len(state.running) / self.plan.jobs)  # stages that run as one share their time

        def cost(stage: Stage) -> float:
            whole = known.get(stage.word, 0.1)
            if stage not in state.running:
                return whole
            spent = (now - state.running[stage]) / as_one
            if (at := standing(stage, self.store)) is None:
                return max(whole - spent, 1.0)
            done = at.iteration / at.iterations
            return (1 - done) * (whole if spent <= whole else spent / done)

        todo = [s for s in self.plan.stages if s in state.waiting or s in state.running]
        return schedule(todo, cost, self.plan.jobs)


def minutes(seconds: float) -> str:
    """A duration in words."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"


def summary(state: State, clock: Clock) -> str:
    """The numbers of stages in each state, and the time left."""
    done, total = len(state.done) + len(state.already), len(clock.plan.stages)
    failed = f", {len(state.failed)} failed" if state.failed else ""
    if state.stopping:
        return f"stopping: {len(state.running)} save what they have, or end (Ctrl-C again: at once); {done} of {total} stages are done"
    left = f"; about {minutes(clock.left(state))} left" if state.running or state.waiting else ""
    return f"{done} of {total} stages done, {len(state.running)} running, {len(state.waiting)} to do{failed}{left}"
