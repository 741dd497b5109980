"""The desk of a lesson: where its figures and results lie, how large it is, and how it speaks in a terminal and in a notebook."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.markdown import Markdown

from analysis.design.scale import SCALES, SMOKE, Scale
from analysis.lessons.live import Growing, curve, curves, notebook
from synthtasks import Assertion, Problem, Trace, verify
from synthtasks.domains import Value
from synthtasks.shown.notation import formula
from synthtasks.verify import Kind
from train.stages.machine import Machine
from train.stages.stage import Stage
from train.stages.store import Store

if TYPE_CHECKING:
    from altair import TopLevelMixin

T = TypeVar("T")
WHY: dict[Kind, str] = {  # a step is marked wrong, in words
    "operator": "another operation",
    "operand": "another operand",
    "value": "a wrong value",
    "order": "before a step that it uses",
    "inherited": "it uses a wrong step",
    "missing": "it is missing",
    "extra": "nobody needs it",
    "answer": "the answer is wrong",
    "format": "some words are no steps",
}
SIZE, OUT = "SYNTHTASKS_LESSON", "SYNTHTASKS_LESSONS_OUT"  # of the environment: tiny, for tests; and the folder of all lessons
MACHINE = Machine(accelerator="auto")
LESSONS = Path(__file__).parents[2] / "runs" / "lessons"
WIDTH = 100  # columns of text, at most: longer lines are hard to read
TINY = replace(
    SMOKE, modulus=2, lines=4, solved=2, deepest=4, uses=1, width=16, heads=2, layers=1, pretraining=30, tokens=512,
    rl_iterations=3, problems=4, group=4, exam_problems=16, sampled_problems=4, samples=16,
)  # fmt: skip


@dataclass(frozen=True)
class Desk:
    """A lesson's place. In a notebook, figures and texts appear below the cell; in a terminal, texts are printed, and figures are files."""

    number: int
    out: Path  # of all lessons: they share stages
    tiny: bool  # as tests run it; its numbers mean nothing

    @staticmethod
    def of(number: int) -> Desk:
        """The desk of the lesson of this number, as the environment says: SYNTHTASKS_LESSONS_OUT=folder, SYNTHTASKS_LESSON=tiny.

        Raises:
            ValueError: if the size is neither `full` nor `tiny`.
        """
        size = os.environ.get(SIZE, "full")
        if size not in ("full", "tiny"):
            raise ValueError(f"{SIZE} is full or tiny; found {size!r}")
        return Desk(number, Path(os.environ.get(OUT, LESSONS)), size == "tiny")

    @property
    def folder(self) -> Path:
        """Where the lesson's figures lie."""
        return self.out / str(self.number)

    @cached_property
    def store(self) -> Store:
        """The results of all lessons: a stage that is there is not run again."""
        return Store(self.out / "stages", MACHINE)

    def size(self, full: T, tiny: T) -> T:
        """A size of the lesson: the first, or the second where it runs in a test."""
        return tiny if self.tiny else full

    @property
    def scale(self) -> Scale:
        """The sizes of the lesson's models, of their learning and of their exams: those of the studies on a laptop."""
        return self.size(SCALES["cpu"], TINY)

    def run(self, stages: Mapping[str, Stage], metric: str, unit: str, name: str) -> None:
        """Run stages that learn, one after the other, and show a metric of each while it runs; what is there is not run again. The whole
        curves are shown at the end, and kept as the figure `name`."""
        growing, said = Growing(metric, unit, console()), {stage: run for run, stage in stages.items()}
        store = Store(self.store.root, MACHINE, tracker=lambda stage: growing.log(said.get(stage, stage.word)))
        for run, stage in stages.items():
            if store.has(stage):
                self.say(f"*{run}* has run already: it is read from `{store.path(stage)}`")
            store.get(stage)
        growing.close()
        self.show(curves({run: curve(store.get(stage), metric) for run, stage in stages.items()}, metric, unit), name)

    def say(self, text: str) -> None:
        """Show a text in Markdown."""
        if notebook():
            from IPython.display import Markdown as Cell
            from IPython.display import display

            display(Cell(text))
        else:
            console().print(Markdown(text))

    def table(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Show rows as a table: a column a name, in the order of the first row."""
        names = list(rows[0])
        lines = [names, ["---"] * len(names), *([_cell(row[name]) for name in names] for row in rows)]
        self.say("\n".join(f"| {' | '.join(line)} |" for line in lines))

    def judge(self, problem: Problem, trace: Trace) -> None:
        """Show the steps of a completion with the judge's marks, and the verdict on the whole."""
        verdict = verify(problem, trace)
        why = {slip.at: WHY[slip.kind] for slip in verdict.slips if slip.at is not None}
        steps = [_step(said) for said in trace.assertions]
        if steps:
            marks = enumerate(zip(steps, verdict.steps, strict=True))
            self.table([{"step": f"`{said}`", "mark": "✓" if right else "✗", "why": why.get(i, "")} for i, (said, right) in marks])
        missing = [slip.step for slip in verdict.slips if slip.kind == "missing" and slip.step]
        answer = "no answer" if trace.answer is None else f"answer {_spelled(trace.answer)}, {'right' if verdict.correct else 'wrong'}"
        lacks = f"; missing: {', '.join(missing)}" if missing else ""
        lacks += f"; no step of the problem's language: `{' '.join(trace.unread)}`" if trace.unread else ""
        self.say(f"**{answer}; the process is {'right' if verdict.process else 'wrong'}**{lacks}")

    def show(self, chart: TopLevelMixin, name: str) -> None:
        """Show a figure in a notebook; keep it in the folder as NAME.html (one file, without network), NAME.svg and NAME.png."""
        self.folder.mkdir(parents=True, exist_ok=True)
        chart.save(self.folder / f"{name}.html", inline=True)
        chart.save(self.folder / f"{name}.svg")
        chart.save(self.folder / f"{name}.png", ppi=144)
        if notebook():
            from IPython.display import SVG, display

            display(SVG(self.folder / f"{name}.svg"))
        self.say(f"Figure: `{self.folder / name}.html`, also as `.svg` and `.png`")


def console() -> Console:
    """The terminal, no wider than a text is easy to read; or an output of that width."""
    width = min(WIDTH, Console().width) if sys.stdout.isatty() else WIDTH
    return Console(width=width, markup=False, emoji=False, highlight=False)


def _cell(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _step(said: Assertion) -> str:
    """`B = A + 3 = 5`; the running value, which a program does not name, is a dot."""
    operands = [("·" if operand is None else operand if isinstance(operand, str) else _spelled(operand),) for operand in said.operands]
    return f"{said.name} = {' '.join(formula(said.operator, operands))} = {_spelled(said.value)}"


def _spelled(value: Value) -> str:
    return "".join(value) if isinstance(value, tuple) else str(value)
