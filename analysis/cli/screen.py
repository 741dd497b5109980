"""Progress while a study runs: a live screen where there is a terminal, plain lines where there is none."""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from analysis.measures.facts import Cell
from analysis.report.titles import titles
from analysis.running.agenda import State
from analysis.running.plan import Plan, taken
from analysis.running.progress import Clock, minutes, standing, summary
from train.learn import Learn
from train.stages.stage import Stage
from train.stages.store import Store

QUIET = 30.0  # seconds between plain lines when nothing finishes
SMALL = 0.5  # seconds; of stages that take less, no estimate is shown


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
        for stage in [s for s in self.clock.plan.stages if s in state.done and isinstance(s, Learn)][-6:]:
            at = standing(stage, self.clock.store)
            finished.add_row(Text.assemble(("✓ ", "green"), self.names[stage]), at.text if at else "")
        for stage, error in state.failed.items():
            finished.add_row(Text.assemble(("✗ ", "red"), self.names[stage]), error.strip().splitlines()[-1])
        return Group(ProgressBar(total, done, width=60), Text(), Text(summary(state, self.clock)), table, finished)  # a bar ends no line


@contextmanager
def watching(console: Console, plan: Plan, store: Store, cells: Sequence[Cell]) -> Iterator[Lines | Screen]:
    """A function to call with every state: a live screen on a terminal, lines elsewhere."""
    clock, names = Clock(plan, store), titles(cells)
    if not console.is_terminal:
        yield Lines(console, clock, names)
        return
    with Live(console=console, refresh_per_second=2, transient=True) as live:
        yield Screen(live, clock, names)


def plan_table(plan: Plan) -> Table:
    """The stages of a plan, by kind."""
    table = Table("stage", "distinct", "there", "to run", "each", "memory", "disk", box=None, padding=(0, 2), header_style="dim")
    for name in dict.fromkeys(s.word for s in plan.stages):
        mine = [s for s in plan.stages if s.word == name]
        there = sum(s in plan.there for s in mine)
        each = minutes(plan.seconds.get(name, 0.0)) if plan.seconds.get(name, 0.0) >= SMALL else ""
        memory, disk = (megabytes(of[name]) if of.get(name) else "" for of in (plan.memory, plan.disk))
        table.add_row(name, str(len(mine)), str(there), str(len(mine) - there), each, memory, disk)
    return table


def needs(plan: Plan) -> str:
    """The needs of all missing stages together."""
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
