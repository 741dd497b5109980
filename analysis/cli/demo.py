"""The study for a class: its demo, act by act, in a folder of its own beside the study's."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace

from rich.console import Console, RenderableType
from rich.live import Live

from analysis.cli.command import STOPPED, ended, reporting
from analysis.cli.request import Request, stages_of
from analysis.cli.screen import screen, watching
from analysis.demo.audience import Audience, Class, Left, Unattended, pressed
from analysis.demo.behind import Behind
from analysis.demo.perform import Performance, needed
from analysis.demo.picture import save
from analysis.design.cells import write_cells
from analysis.design.found import kept_findings
from analysis.design.study import Demo
from analysis.live.growing import Growing
from analysis.running import references
from analysis.running.engine import Engine, asked_to_stop
from analysis.running.plan import Plan, able
from analysis.running.progress import Clock
from train.stages.stage import Stage, closure

NAME = "demo"  # of its folder, after the name of the study


def shown(request: Request) -> tuple[Request, Demo]:
    """The study's demo, and the request for its cells: a study of its own, which judges no claims.

    Raises:
        ValueError: if the study has no demo, or the request is for some cells only.
    """
    study, found = request.study, request.study.demo
    if found is None:
        raise ValueError(f"the study {study.name} has no demo; `run` takes any")
    if request.only:
        raise ValueError(
            f"demo shows cells of its own; found --only {','.join(f'{k}={v}' for k, v in request.only.items())}. `run` takes any"
        )
    mine = replace(study, name=f"{study.name}_{NAME}", cells=found.cells, claims=(), figures=(), card=type(study.card)())
    return replace(request, study=mine), found


@dataclass(frozen=True)
class Progress:
    """How far stages are, by what runs behind the scenes."""

    request: Request
    growing: Growing
    behind: Behind

    def plan(self, stages: Sequence[Stage]) -> Plan:
        """The plan for these stages. Times are those of stages that have run, or run."""
        every = closure(stages)
        there = frozenset(s for s in every if s in self.behind.state.already)
        return Plan(len(self.growing.cells), every, there, self.growing.seconds(), self.request.jobs)

    def __call__(self, stages: Sequence[Stage]) -> RenderableType:
        """The screen of a run for these stages alone."""
        mine, state = set(closure(stages)), self.behind.state
        some = replace(
            state,
            waiting=state.waiting & mine,
            running={s: since for s, since in state.running.items() if s in mine},
            done=state.done & mine,
            already=state.already & mine,
            failed={s: error for s, error in state.failed.items() if s in mine},
        )
        return screen(some, Clock(self.plan(stages), self.request.store), self.growing.names)

    def under(self) -> str:
        """The number of stages that are done, in a few words."""
        state = self.behind.state
        done, left = len(state.done) + len(state.already), len(state.running) + len(state.waiting)
        return f"{done} of {done + left} stages done" if left else ""


Opened = Callable[[Console, Progress, Callable[[], bool]], AbstractContextManager[Audience]]


@contextmanager
def unattended(console: Console, progress: Progress, left: Callable[[], bool]) -> Iterator[Audience]:
    """Nobody: everything is printed, one act after the other."""
    request = progress.request
    with watching(console, progress.plan(stages_of(request.cells())), request.store, request.cells()) as watch:

        def told() -> None:
            watch(progress.behind.state)

        yield Unattended(console, told)


@contextmanager
def before_a_class(console: Console, progress: Progress, left: Callable[[], bool]) -> Iterator[Audience]:
    """A class before this terminal."""
    with pressed() as keyboard, Live(console=console, screen=True, auto_refresh=False, vertical_overflow="crop") as live:
        audience = Class(console, lambda page: live.update(page, refresh=True), keyboard, left, progress.under)
        yield audience
    for page in audience.kept:
        console.print(page)


def opened(console: Console) -> Opened:
    """The audience of a console: a class where it is a terminal with a keyboard, else nobody."""
    return before_a_class if console.is_terminal and sys.stdin.isatty() else unattended


def demo(request: Request, found: Demo, console: Console, attend: Opened, engine: Engine) -> int:
    """Perform a demo; the exit status. What it ran is kept, wherever it ends."""
    cells, store = request.cells(), request.store
    acts = [needed(act, cells) for act in found.acts]
    if not all(store.has(stage) for act in acts for stage in act):
        able(store.machine)
    with reporting(request):
        references.begin(request.folder, stages_of(cells))
        write_cells(cells, request.folder)
    growing = Growing.of(request)
    with Behind(acts, store, request.jobs, engine) as behind, asked_to_stop(behind.stop):
        progress = Progress(request, growing, behind)
        performance = Performance(found, request.setting, growing, progress)
        try:
            with attend(console, progress, lambda: behind.stopping) as audience:
                for number, act in enumerate(found.acts, 1):
                    if not performance.perform(act, f"{number} of {len(found.acts)}   {act.title}", behind, audience):
                        break
                else:
                    audience.end("What was seen", tuple(last(performance, request)))
                    return 0
        except Left:
            console.print("What is done is kept; the same command goes on from there.")
            return STOPPED if behind.stopping else 0
    return ended(behind.state, store, console)


def last(performance: Performance, request: Request) -> Iterator[RenderableType]:
    """The picture and the sentences; the picture is saved."""
    facts = performance.facts()
    kept = kept_findings(request.study.name.removesuffix(f"_{NAME}"))
    with reporting(request):
        files = save(performance.demo.picture, facts, performance.demo.ending(facts, kept), request.folder)
    yield from performance.close(kept, files)
