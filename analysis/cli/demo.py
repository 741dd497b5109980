"""A study as a lesson: one seed, act by act; each act shows its facts when its stages are done."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.console import Console
from rich.text import Text

from analysis.cli.command import ended, report, reporting
from analysis.cli.request import Request, stages_of
from analysis.cli.screen import watching
from analysis.design.study import Lesson
from analysis.measures.facts import Cell, Fact, applies, measured, needs
from analysis.running import references
from analysis.running.engine import Care, run_stages
from analysis.running.plan import make_plan
from analysis.running.progress import minutes


def taught(request: Request) -> tuple[Request, Lesson]:
    """The study's lesson, and the request for the cells that it shows.

    Raises:
        ValueError: if the study has no lesson, or the request is for other cells.
    """
    lesson, setting = request.study.lesson, request.setting
    if lesson is None:
        raise ValueError(f"the study {request.study.name} has no lesson to perform; `run` takes any")
    only = {**lesson.labels, **request.only}
    for axis, value in lesson.labels.items():
        if only[axis] != value:
            raise ValueError(f"demo shows cells with {axis}={value}; found --only {axis}={only[axis]}. `run` takes any")
    return replace(request, setting=replace(setting, seeds=setting.seeds[:1]), only=only), lesson


def demo(request: Request, lesson: Lesson, console: Console) -> int:
    """Perform a lesson; the exit status."""
    cells, store, options = request.cells(), request.store, vars(request.setting.options)
    words = {name: " and ".join(map(str, value)) if isinstance(value, tuple) else str(value) for name, value in options.items()}
    with reporting(request):
        references.begin(request.folder, stages_of(cells))
    for act in lesson.acts:
        console.rule(Text(act.title, "bold"), align="left")
        console.print(act.text.format_map(words))
        stages = [cell[name] for cell in cells for name in act.stages if name in cell.by_name]
        plan = make_plan(stages, len(cells), store, request.jobs, console.print)
        if plan.missing and not plan.unmeasured:
            console.print(f"about {minutes(plan.wall)}", style="dim")
        with watching(console, plan, store, cells) as watch:
            state = run_stages(plan.stages, store, request.jobs, plan.cost, watch, Care())
        if state.failed or state.stopped:
            return ended(state, store, console)
        if act.show:
            console.print(act.show(tuple(known(request, cells))))
    report(request, console)
    return 0


def known(request: Request, cells: Sequence[Cell]) -> Iterator[Fact]:
    """The facts of all measures whose stages are done."""
    has = request.store.has
    for cell in cells:
        able = [m for m in request.study.measures if applies(m, cell) and all(has(cell[name]) for name in needs(m, cell))]
        yield from measured(cell, able, request.store)
