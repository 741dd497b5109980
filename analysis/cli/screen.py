"""What is seen while a study runs: a live screen where there is a terminal, plain lines where there is none."""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from analysis.running.agenda import State
from analysis.running.plan import Plan, history, kind, schedule, taken
from analysis.studies.study import Cell
from train.checkpoint import read_note
from train.learn import Learn
from train.stages.stage import Stage, closure
from train.stages.store import Store

TAIL = 4_096  # bytes of a metrics file that surely hold its last line
RECENT = 10  # iterations that a shown rate is averaged over
QUIET = 30.0  # seconds between plain lines when nothing finishes
SMALL = 0.5  # seconds; of stages that take less, no estimate is shown


def titles(cells: Sequence[Cell]) -> dict[Stage, str]:
    """A name for each stage: the labels of its cell, or how many cells share it."""
    named: dict[Stage, str] = {}
    sharers: dict[Stage, list[Cell]] = {}
    for cell in cells:
        for stage in closure(cell.stages()):
            sharers.setdefault(stage, []).append(cell)
    for stage, users in sharers.items():
        labels = dict(users[0].labels)
        common = set.intersection(*(set(c.labels) for c in users))
        words = [value for axis, value in users[0].labels if axis != "control" and (axis, value) in common]
        if len(users) == 1 and labels.get("control", "none") != "none":
            words.append(f"({labels['control']})")
        shared = f" (shared by {len(users)} cells)" if len(users) > 1 else ""
        named[stage] = f"{kind(stage)} {' '.join(words) or 'any'} seed {users[0].seed}{shared}"
    return named


@dataclass(frozen=True)
class Standing:
    """Where a stage under way stands."""

    iteration: int
    iterations: int
    rates: dict[str, float]  # means over the last iterations

    @property
    def text(self) -> str:
        """The rates, shortly."""
        shown = ("loss", "reward", "signal", "pass@1", *(r for r in self.rates if r.startswith("pass@") and r != "pass@1"))
        return "  ".join(f"{name} {self.rates[name]:.3f}" for name in shown if name in self.rates)


def standing(stage: Stage, store: Store) -> Standing | None:
    """What the metrics of a stage under way say so far; None where it keeps none, or has not begun."""
    if not isinstance(stage, Learn):
        return None
    for folder in (store.path(stage), store.path(stage).with_name(store.path(stage).name + ".draft")):
        rows = _tail(folder / "metrics.jsonl")
        if rows:
            shown = ("reward", "signal") if "reward" in rows[-1] else ("loss",)
            wanted = [k for k in rows[-1] if k in shown or k.startswith("pass@")]
            recent = rows[-RECENT:]
            rates = {k: sum(r.get(k, 0.0) for r in recent) / len(recent) for k in wanted}
            return Standing(min(int(rows[-1]["iteration"]) + 1, stage.iterations), stage.iterations, rates)
    return None


def _tail(file: Path) -> list[dict[str, float]]:
    if not file.is_file():
        return []
    try:
        with open(file, "rb") as f:
            f.seek(max(0, f.seek(0, 2) - TAIL))
            lines = f.read().split(b"\n")
    except OSError:
        return []
    rows = []
    for line in lines[:-1]:  # the last one may be half-written
        with suppress(ValueError, KeyError, RecursionError):  # damaged: whoever continues the stage finds that out, and this only shows it
            rows.append(read_note(line))
    return rows


@dataclass
class Clock:
    """How long the rest will take: by the plan at first, then by what finished. Of a stage that is overdue, by how far it is."""

    plan: Plan
    store: Store

    def left(self, state: State) -> float:
        """Seconds."""
        known = self.plan.seconds | (history(frozenset(state.done), self.store) if state.done else {})
        now = time.monotonic()

        def cost(stage: Stage) -> float:
            whole = known.get(kind(stage), 0.1)
            if stage not in state.running:
                return whole
            spent = now - state.running[stage]
            if (at := standing(stage, self.store)) is None:
                return max(whole - spent, 1.0)
            done = at.iteration / at.iterations
            return (1 - done) * (whole if spent <= whole else spent / done)

        todo = [s for s in self.plan.stages if s in state.waiting or s in state.running]
        return schedule(todo, cost, self.plan.jobs)


def minutes(seconds: float) -> str:
    """A duration for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"


@dataclass
class Lines:
    """A line for every long stage that ends, and one now and then in between."""

    console: Console
    clock: Clock
    names: dict[Stage, str]
    seen: set[Stage] = field(default_factory=set)
    last: float = field(default_factory=time.monotonic)
    stopping: bool = False

    def __call__(self, state: State) -> None:
        now = time.monotonic()
        for stage in [s for s in self.clock.plan.stages if s in state.done and s not in self.seen]:
            self.seen.add(stage)
            at = standing(stage, self.clock.store)
            if at:
                self.console.print(f"done: {self.names[stage]}  {at.text}", highlight=False)
                self.last = now
        for stage, error in state.failed.items():
            if stage not in self.seen:
                self.seen.add(stage)
                self.console.print(f"failed: {self.names[stage]}: {error.strip().splitlines()[-1]}")
        if now - self.last > QUIET or (state.stopping and not self.stopping):
            self.last, self.stopping = now, state.stopping
            self.console.print(summary(state, self.clock), highlight=False)


def summary(state: State, clock: Clock) -> str:
    """Counts, and the time left."""
    done, total = len(state.done) + len(state.already), len(clock.plan.stages)
    failed = f", {len(state.failed)} failed" if state.failed else ""
    if state.stopping:
        return f"stopping: {len(state.running)} save what they have, or end (Ctrl-C again: at once); {done} of {total} stages are done"
    left = f"; about {minutes(clock.left(state))} left" if state.running or state.waiting else ""
    return f"{done} of {total} stages done, {len(state.running)} running, {len(state.waiting)} to do{failed}{left}"


@dataclass
class Screen:
    """A table of what is running, over a bar of what is done."""

    live: Live
    clock: Clock
    names: dict[Stage, str]

    def __call__(self, state: State) -> None:
        self.live.update(self.render(state))

    def render(self, state: State) -> RenderableType:
        """The screen for a state."""
        done, total = len(state.done) + len(state.already), len(self.clock.plan.stages)
        whole = [Column(name, no_wrap=True) for name in ("iteration", "time")]  # names and rates may take several lines
        table = Table("running", whole[0], "", whole[1], box=None, padding=(0, 2), header_style="dim")
        for stage, since in state.running.items():
            at = standing(stage, self.clock.store)
            where = f"{at.iteration}/{at.iterations}" if at else ""
            table.add_row(self.names[stage], where, at.text if at else "", minutes(time.monotonic() - since))
        finished = Table("finished", "", box=None, padding=(0, 2), header_style="dim")
        for stage in [s for s in self.clock.plan.stages if s in state.done and kind(s) in ("pretrain", "practise")][-6:]:
            at = standing(stage, self.clock.store)
            finished.add_row(Text.assemble(("✓ ", "green"), self.names[stage]), at.text if at else "")
        for stage, error in state.failed.items():
            finished.add_row(Text.assemble(("✗ ", "red"), self.names[stage]), error.strip().splitlines()[-1])
        return Group(ProgressBar(total, done, width=60), Text(), Text(summary(state, self.clock)), table, finished)  # a bar ends no line


@contextmanager
def watching(console: Console, plan: Plan, store: Store, cells: Sequence[Cell]) -> Iterator[Lines | Screen]:
    """What is to be called with every state: a live screen on a terminal, lines elsewhere."""
    clock, names = Clock(plan, store), titles(cells)
    if not console.is_terminal:
        yield Lines(console, clock, names)
        return
    with Live(console=console, refresh_per_second=2, transient=True) as live:
        yield Screen(live, clock, names)


def plan_table(plan: Plan) -> Table:
    """What will run, by kind of stage."""
    table = Table("stage", "distinct", "there", "to run", "each", "memory", "disk", box=None, padding=(0, 2), header_style="dim")
    for name in dict.fromkeys(kind(s) for s in plan.stages):
        mine = [s for s in plan.stages if kind(s) == name]
        there = sum(s in plan.there for s in mine)
        each = minutes(plan.seconds.get(name, 0.0)) if plan.seconds.get(name, 0.0) >= SMALL else ""
        memory, disk = (megabytes(of[name]) if of.get(name) else "" for of in (plan.memory, plan.disk))
        table.add_row(name, str(len(mine)), str(there), str(len(mine) - there), each, memory, disk)
    return table


def needs(plan: Plan) -> str:
    """What the missing stages will take together."""
    return (
        f"about {minutes(plan.wall)} with {plan.jobs} at a time, at most {megabytes(plan.peak)} of memory, "
        f"and {megabytes(plan.space)} on disk"
    )


def estimated(plan: Plan, done: Collection[Stage], store: Store) -> str:
    """How far the estimates of the plan were from what its stages took: seconds by kind, and the memory of the largest."""
    real = {k: need for k, need in taken(done, store).items() if need.seconds >= SMALL and k in plan.seconds}
    missed = [f"{k} {minutes(need.seconds)} each, estimated {minutes(plan.seconds[k])}" for k, need in real.items()]
    if real:
        most, expected = max(need.memory for need in real.values()), max(plan.memory.get(k, 0.0) for k in real)
        missed.append(f"memory at most {megabytes(most)} a stage, estimated {megabytes(expected)}")
    return "; ".join(missed)


def megabytes(size: float) -> str:
    """A size in MiB, for people."""
    if size < 1:
        return f"{1_024 * size:.0f} KiB"
    return f"{size:.0f} MiB" if size < 10_240 else f"{size / 1_024:.0f} GiB"


def shared(plan: Plan) -> int:
    """How many stages serve more than one other."""
    uses: dict[Stage, int] = {}
    for stage in plan.stages:
        for part in set(stage.upstream):
            uses[part] = uses.get(part, 0) + 1
    return sum(n > 1 for n in uses.values())
