"""A study as a lesson: one seed, act by act, each with what it shows when its stages have run."""

from collections.abc import Iterator, Mapping, Sequence
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


def taught(asked: Request) -> tuple[Request, Lesson]:
    """The part of what is asked that the study's lesson is on, and the lesson.

    Raises:
        ValueError: if the study has no lesson, or other cells were asked for than it shows.
    """
    lesson = asked.study.lesson
    if lesson is None:
        raise ValueError(f"the study {asked.study.name} has no lesson to perform; `run` takes any")
    only = {**lesson.labels, **asked.only}
    for axis, value in lesson.labels.items():
        if only[axis] != value:
            raise ValueError(f"demo shows cells with {axis}={value}; found --only {axis}={only[axis]}. `run` takes any")
    return replace(asked, setting=replace(asked.setting, seeds=asked.setting.seeds[:1]), only=only), lesson


def demo(asked: Request, lesson: Lesson, console: Console) -> int:
    """Perform a lesson; the exit status."""
    cells, store, words = asked.cells(), asked.store, options(asked.setting.options)
    with reporting(asked):
        references.begin(asked.folder, stages_of(cells))
    for act in lesson.acts:
        console.rule(Text(act.title, "bold"), align="left")
        console.print(act.text.format_map(words), highlight=False)
        stages = [cell[name] for cell in cells for name in act.stages if name in cell.by_name]
        plan = make_plan(stages, len(cells), store, asked.jobs, console.print)
        if plan.missing:
            console.print(f"about {minutes(plan.wall)}", style="dim")
        with watching(console, plan, store, cells) as watch:
            state = run_stages(plan.stages, store, asked.jobs, plan.cost, watch, Care())
        if state.failed or state.stopped:
            return ended(state, store, console)
        if act.show:
            console.print(act.show(tuple(known(asked, cells))), highlight=False)
    report(asked, console)
    return 0


def options(said: object) -> Mapping[str, str]:
    """The values of a study's options as words."""
    return {name: " and ".join(map(str, value)) if isinstance(value, tuple) else str(value) for name, value in vars(said).items()}


def known(asked: Request, cells: Sequence[Cell]) -> Iterator[Fact]:
    """All facts that can be measured by now."""
    store = asked.store
    for cell in cells:
        able = [m for m in asked.study.measures if applies(m, cell) and all(store.has(cell[name]) for name in needs(m, cell))]
        yield from measured(cell, able, store)
