"""The study as a lesson: one seed, both arms, three regions, with a sentence before each act and the figure at the end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import mean

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.cli.command import ended, report, reporting
from analysis.cli.request import Request, stages_of
from analysis.cli.screen import watching
from analysis.measures.scores import curves, read_scores
from analysis.running import references
from analysis.running.engine import Care, run_stages
from analysis.running.plan import make_plan
from analysis.running.progress import minutes
from analysis.studies.study import Cell, measure
from train.stages.stage import Stage

BLOCKS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Act:
    """A part of the lesson: what is said first, and what then has to run."""

    title: str
    sentence: str
    stages: tuple[Stage, ...]


def acts(cells: Sequence[Cell], withheld: str) -> tuple[Act, ...]:
    """The lesson, in order."""
    return (
        Act(
            "Act 1: two students",
            f"Both read the same worked problems. One of them never learns the results of {withheld}: it can write such a step, "
            "but has to guess its value. How deep can each go? The curve below is exact, not sampled: the probability of "
            "the one right derivation, step by step.",
            tuple(c.before for c in cells) + tuple(c.edge for c in cells),
        ),
        Act(
            "Act 2: practice",
            "Now both practise by trial and error, rewarded only for derivations that are right in every step: on problems that "
            "the first student masters (below its edge), rarely solves (at the edge), or never solves (beyond it).",
            tuple(c.learn for c in cells if c.learn is not None),
        ),
        Act(
            "Act 3: what was gained?",
            "The same examination again, on problems that neither has seen. If practice gave only confidence, pass@1 rises and "
            "pass@128 does not: what 128 tries could not find before, they cannot find now.",
            tuple(s for c in cells for s in c.stages()),
        ),
    )


SHOWN = {"reward": "process", "control": "none"}  # labels of the cells of a lesson


def lesson(asked: Request) -> Request:
    """Of what is asked, one seed with process reward.

    Raises:
        ValueError: if other cells were asked for.
    """
    only = {**SHOWN, **asked.only}
    for axis, value in SHOWN.items():
        if only[axis] != value:
            raise ValueError(f"demo shows cells with {axis}={value}; found --only {axis}={only[axis]}. `run` takes any")
    return replace(asked, setting=replace(asked.setting, seeds=asked.setting.seeds[:1]), only=only)


def demo(asked: Request, console: Console) -> int:
    """Perform a lesson; the exit status."""
    cells = asked.cells()
    with reporting(asked):
        references.begin(asked.folder, stages_of(cells))
    for act in acts(cells, " and ".join(asked.setting.withhold)):
        console.rule(Text(act.title, "bold"), align="left")
        console.print(act.sentence, highlight=False)
        plan = make_plan(act.stages, len(cells), asked.store, asked.jobs, console.print)
        if plan.missing:
            console.print(f"about {minutes(plan.wall)}", style="dim")
        with watching(console, plan, asked.store, cells) as watch:
            state = run_stages(plan.stages, asked.store, asked.jobs, plan.cost, watch, Care())
        if state.failed or state.stopped:
            return ended(state, asked.store, console)
        if act.title.startswith("Act 1"):
            console.print(edge_figure(cells, asked))
    console.print(gain_figure(cells, asked))
    report(asked, console)
    return 0


def bars(values: Sequence[float]) -> str:
    """Values in [0, 1] as blocks, one a value."""
    return "".join(BLOCKS[round(v * (len(BLOCKS) - 1))] for v in values)


def edge_figure(cells: Sequence[Cell], asked: Request) -> Table:
    """Each student's success by number of steps."""
    table = Table("", "1 step and more", "", box=None, padding=(0, 2), header_style="dim")
    students = {dict(cell.labels)["primitive"]: cell.before for cell in cells}
    for primitive, before in students.items():
        row = curves(read_scores(before, asked.store).plain)
        table.add_row(primitive, bars(row["pass@1"]), "pass@1")
        table.add_row("", bars(row["pass@128"]), "pass@128")
    return table


def gain_figure(cells: Sequence[Cell], asked: Request) -> Table:
    """pass@1 and pass@128 before and after, at the edge, for every kind of practice."""
    table = Table(
        "student", "practice", "steps practised", "updates", "pass@1 at the edge", "pass@128 at the edge", box=None, padding=(0, 2)
    )
    for cell in cells:
        row, labels = measure(cell, asked.store), dict(cell.labels)
        if row.undefined:
            table.add_row(labels["primitive"], labels["region"], "–", "–", row.undefined, "")
            continue
        changes = []
        for metric in ("pass@1", "pass@128"):
            before, after = ([curve[metric][row.steps.index(n)] for n in row.bands["at"]] for curve in (row.before, row.after))
            changes.append(f"{mean(before):.2f} → {mean(after):.2f}" if before else "no edge")
        table.add_row(labels["primitive"], labels["region"], ", ".join(map(str, row.trained)), str(row.updates), *changes)
    return table
