"""The progress of a running study, and the time left."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from analysis.running.agenda import State
from analysis.running.plan import OVERHEAD, Plan, history, schedule
from train.stages.reading import read_note
from train.stages.stage import Stage
from train.stages.store import Store

TAIL = 4_096  # bytes at the end of a metrics file that hold its last lines
RECENT = 10  # iterations over which shown metrics are averaged
NEARLY = 0.99  # the part of a stage that is done until it ends


@dataclass(frozen=True)
class Standing:
    """The progress of a running stage."""

    iteration: int
    iterations: int
    text: str  # metrics, averaged over the last iterations

    @property
    def place(self) -> str:
        return f"iteration {self.iteration}/{self.iterations}"


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
    """The time of a run: the part that is done, by the plan, and the seconds left, by the plan at first, then by the finished stages."""

    plan: Plan
    store: Store
    furthest: float = 0.0  # a stage that is tried again does not turn the bar back

    @cached_property
    def weights(self) -> Mapping[Stage, float]:
        """Expected seconds of each missing stage; 1 of each, where the plan could not measure every kind."""
        alike = bool(self.plan.unmeasured)
        return {s: 1.0 if alike else max(self.plan.cost(s), OVERHEAD) for s in self.plan.missing}

    @cached_property
    def total(self) -> float:
        """Expected seconds of the missing stages, one after the other; their number, where the plan could not measure every kind."""
        return sum(self.weights.values())

    def part(self, stage: Stage, state: State) -> float:
        """The part of a running stage that is done: by its iterations, or by its time if it writes none. It is done only when it ends."""
        if at := standing(stage, self.store):
            return min(NEARLY, at.iteration / at.iterations)
        return min(NEARLY, self._spent(stage, state) / max(self.plan.cost(stage), OVERHEAD))

    def share(self, state: State) -> float:
        """The share of `total` that is done. A stage that failed is not: with one, it ends below 1."""
        over = state.done | state.already
        running = sum(self.weights[s] * self.part(s, state) for s in state.running if s in self.weights)
        done = sum(weight for s, weight in self.weights.items() if s in over) + running
        self.furthest = max(self.furthest, 1.0 if over >= self.weights.keys() else done / self.total)
        return self.furthest

    def unknown(self, state: State) -> tuple[str, ...]:
        """The kinds of unfinished stages whose time is not known yet."""
        known = self.plan.seconds.keys() | {s.word for s in state.done}
        return tuple(dict.fromkeys(s.word for s in self.plan.stages if s.word not in known and (s in state.waiting or s in state.running)))

    def left(self, state: State) -> float:
        """Seconds until all stages are done. For an overdue stage they follow from its progress."""
        known = self.plan.seconds | (history(frozenset(state.done), self.store) if state.done else {})

        def cost(stage: Stage) -> float:
            whole = known.get(stage.word, 0.1)
            if stage not in state.running:
                return whole
            spent = self._spent(stage, state)
            if (at := standing(stage, self.store)) is None:
                return max(whole - spent, 1.0)
            done = at.iteration / at.iterations
            return (1 - done) * (whole if spent <= whole else spent / done)

        todo = [s for s in self.plan.stages if s in state.waiting or s in state.running]
        return schedule(todo, cost, self.plan.jobs)

    def _spent(self, stage: Stage, state: State) -> float:
        """Seconds that a running stage has taken; stages that run as one share theirs."""
        return (time.monotonic() - state.running[stage]) / max(1.0, len(state.running) / self.plan.jobs)


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
    if unknown := clock.unknown(state):
        left = f"; the time left is known once each kind ({', '.join(unknown)}) has run"
    return f"{done} of {total} stages done, {len(state.running)} running, {len(state.waiting)} to do{failed}{left}"
