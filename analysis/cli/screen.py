"""Progress while a study runs: a live screen on a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, Group, RenderableType
from rich.filesize import decimal
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from analysis.cli.terminal import columns
from analysis.measures.facts import Cell
from analysis.report.titles import titles
from analysis.running.agenda import State
from analysis.running.plan import MIB, Plan, taken
from analysis.running.progress import Clock, minutes, standing, summary
from train.learn import Learn
from train.stages.stage import Stage
from train.stages.store import Store

QUIET = 30.0  # seconds between plain lines when nothing finishes
SMALL = 0.5  # seconds; stages that take less show no estimate


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
        now, new = time.monotonic(), state.done - self.seen
        for stage in [s for s in self.clock.plan.stages if s in new]:
            if at := standing(stage, self.clock.store):
                self.console.print(f"done: {self.names[stage]}  {at.text}")
                self.last = now
        for stage in [s for s in state.failed if s not in self.seen]:
            self.console.print(f"failed: {self.names[stage]}: {state.failed[stage].strip().splitlines()[-1]}")
        self.seen |= state.done | state.failed.keys()
        if now - self.last > QUIET or (state.stopping and not self.stopping):
            self.last, self.stopping = now, state.stopping
            self.console.print(summary(state, self.clock))


def screen(state: State, clock: Clock, names: Mapping[Stage, str]) -> RenderableType:
    """A table of the running stages, over a bar of the finished ones."""
    done, plan = len(state.done) + len(state.already), clock.plan
    running = columns("running", Column("iteration", no_wrap=True), "", Column("time", no_wrap=True))  # names and rates may wrap
    for stage, since in state.running.items():
        at = standing(stage, clock.store)
        where, rates = (f"{at.iteration}/{at.iterations}", at.text) if at else ("", "")
        running.add_row(names[stage], where, rates, minutes(time.monotonic() - since))
    finished = columns("finished", "")
    for stage in [s for s in plan.stages if s in state.done and isinstance(s, Learn)][-6:]:
        at = standing(stage, clock.store)
        finished.add_row(Text.assemble(("✓ ", "green"), names[stage]), at.text if at else "")
    for stage, error in state.failed.items():
        finished.add_row(Text.assemble(("✗ ", "red"), names[stage]), error.strip().splitlines()[-1])
    bar = ProgressBar(len(plan.stages), done, width=60)  # which ends no line: an empty text does
    return Group(bar, Text(), Text(summary(state, clock)), running, finished)


@contextmanager
def watching(console: Console, plan: Plan, store: Store, cells: Sequence[Cell]) -> Iterator[Callable[[State], None]]:
    """A function that shows a state: on a live screen if the console is a terminal, else in lines."""
    clock, names = Clock(plan, store), titles(cells)
    if console.is_terminal:
        with Live(console=console, refresh_per_second=2, transient=True) as live:
            yield lambda state: live.update(screen(state, clock, names))
    else:
        yield Lines(console, clock, names)


def plan_table(plan: Plan) -> Table:
    """The stages of a plan, by kind."""
    table = columns("stage", "distinct", "there", "to run", "each", "memory", "disk")
    for name in dict.fromkeys(s.word for s in plan.stages):
        mine = [s for s in plan.stages if s.word == name]
        there = sum(s in plan.there for s in mine)
        each = minutes(seconds) if (seconds := plan.seconds.get(name, 0.0)) >= SMALL else ""
        sizes = (size(of[name]) if of.get(name) else "" for of in (plan.memory, plan.disk))
        table.add_row(name, str(len(mine)), str(there), str(len(mine) - there), each, *sizes)
    return table


def needs(plan: Plan) -> str:
    """The needs of all missing stages together."""
    if plan.unmeasured:
        return f"a time that is known once stages of each kind ({', '.join(plan.unmeasured)}) have run as one, {plan.jobs} stacks at a time"
    return f"about {minutes(plan.wall)} with {plan.jobs} at a time, at most {size(plan.peak)} of memory, and {size(plan.space)} on disk"


def estimated(plan: Plan, done: Collection[Stage], store: Store) -> str:
    """The seconds of each kind of stage, and the memory of the largest, beside their estimates in the plan."""
    real = {k: need for k, need in taken(done, store).items() if need.seconds >= SMALL and k in plan.seconds}
    missed = [f"{k} {minutes(need.seconds)} each, estimated {minutes(plan.seconds[k])}" for k, need in real.items()]
    if real:
        most, expected = max(need.memory for need in real.values()), max(plan.memory.get(k, 0.0) for k in real)
        missed.append(f"memory at most {size(most)} a stage, estimated {size(expected)}")
    return "; ".join(missed)


def size(mebibytes: float) -> str:
    """A size in words."""
    return decimal(int(mebibytes * MIB))
