"""Tries of policies at a problem, with the judge's mark on every step: a sign and a colour, and the reason where a step is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from rich.text import Text

from analysis.design.shown import Side, Written
from analysis.measures.facts import Cell
from synthtasks.commands.page import written as in_words
from synthtasks.problem import Problem
from synthtasks.shown.page import page
from synthtasks.surfaces import Surface
from synthtasks.trace import Assertion, Trace
from synthtasks.verify import Slip, verify
from synthtasks.vocab import END
from train.sample import Sample, read_samples
from train.stages.store import Store

RIGHT, WRONG = "color(28)", "color(167)"
SIGNS = {True: Text("✓ ", RIGHT), False: Text("✗ ", WRONG)}


@dataclass(frozen=True)
class Mark:
    """A step of a completion, the lack of one, its answer or its unread words, with the judge's verdict."""

    words: str
    right: bool
    reason: str = ""


@dataclass(frozen=True)
class Tries:
    """The tries of one policy at one problem, of which one is shown."""

    title: str
    written: Written  # the try that is shown
    number: int  # of that try, from 1
    right: int  # tries with a right derivation
    all: int


def tries(sides: Sequence[Side], cells: Sequence[Cell], store: Store) -> tuple[Tries, ...]:
    """The tries of each side at the first problem at which all sides have a try of their pick; of problems where some have none, none.

    Raises:
        Undefined: if there were no such problems to sample.
        ValueError: if no cell has the labels of a side, or the sides were given different problems.
    """
    stages = [_cell(side, cells).stage(side.stage, Sample) for side in sides]
    problems = [stage.met(store) for stage in stages]
    if any(each != problems[0] for each in problems):
        raise ValueError(f"sides of one act answer the same problems; {' and '.join(side.stage for side in sides)} do not")
    found = [read_samples(stage, store) for stage in stages]
    for i, problem in enumerate(problems[0] if problems else ()):
        shown: list[Tries] = []
        for side, stage, samples in zip(sides, stages, found, strict=True):
            mine = (samples.problem == i).nonzero()[0].tolist()
            right = [bool(samples.process[row]) for row in mine]
            wanted = [n for n, yes in enumerate(right) if side.pick == "first" or yes == (side.pick == "right")]
            if wanted:
                words = tuple(samples.words[mine[wanted[0]]].split())
                written = Written(side.title, problem, stage.sampler.surface, words)
                shown.append(Tries(side.title, written, wanted[0] + 1, sum(right), len(right)))
        if len(shown) == len(sides):
            return tuple(shown)
    return ()


def _cell(side: Side, cells: Sequence[Cell]) -> Cell:
    for cell in cells:
        if side.labels.items() <= dict(cell.labels).items():
            return cell
    raise ValueError(f"no cell is labelled {dict(side.labels)}; there are {[dict(c.labels) for c in cells]}")


def marks(written: Written) -> tuple[Mark, ...]:
    """Every step with the judge's verdict, then the steps that it lacks, the answer, and the words that are neither."""
    problem, surface = written.problem, written.surface
    trace = surface.read(written.words)
    verdict = verify(problem, trace)
    slips = {slip.at: slip for slip in verdict.slips if slip.at is not None}
    found = []
    for i, (assertion, right) in enumerate(zip(trace.assertions, verdict.steps, strict=True)):
        found.append(Mark(_written(assertion, surface), right and i not in slips, _reason(problem, slips[i]) if i in slips else ""))
    missing = [slip.step for slip in verdict.slips if slip.kind == "missing"]
    if missing:
        found.append(Mark(f"{', '.join(map(str, missing))}", False, "not written"))
    answer = "no answer" if trace.answer is None else f"answer {_spelled(trace.answer)}"
    found.append(Mark(answer, verdict.correct, "" if verdict.correct else f"it is {_spelled(problem.answer)}"))
    if trace.unread:
        found.append(Mark(" ".join(trace.unread), False, "cannot be read"))
    return tuple(found)


def _written(assertion: Assertion, surface: Surface) -> str:
    """The words of one step."""
    return " ".join(word for word in surface.write(Trace((assertion,), None)) if word != END)


def _reason(problem: Problem, slip: Slip) -> str:
    name = slip.step or ""
    step = problem.by_name.get(name)
    match slip.kind:
        case "value":
            return f"it is {_spelled(problem.values[name])}"
        case "inherited":
            return "follows a wrong step"
        case "order":
            return "comes too early"
        case "operator" | "operand" if step:
            return f"the problem says {step.primitive.symbol} {_spelled(step.arguments[-1])}"
        case _:
            return "no step of the problem" if step is None else "is not needed, or twice"


def _spelled(value: object) -> str:
    return "".join(value) if isinstance(value, tuple) else str(value)


# --- as they are shown


def asked(written: Written) -> Text:
    """The problem, as `synthtasks show` prints it."""
    every = list(page(written.problem, in_words(written.problem, written.surface)))
    stated = takewhile(lambda line: line != "SOLUTION", every[every.index("PROBLEM") + 1 :])
    return Text("\n".join(stated).rstrip())


def unjudged(written: Written) -> Text:
    """The steps and the answer, without marks."""
    return Text("\n").join([Text(written.title, "bold"), *(Text(f"  {mark.words}") for mark in marks(written))])


def judged(written: Written, says: str = "") -> Text:
    """Every step with its mark, and the verdict."""
    every = marks(written)
    wide = max(len(mark.words) for mark in every)
    text = Text("\n").join([Text(written.title, "bold"), *([Text(says, "dim")] if says else [])])
    for mark in every:
        text.append("\n").append_text(SIGNS[mark.right]).append(mark.words.ljust(wide) if mark.reason else mark.words)
        text.append(f"  {mark.reason}" if mark.reason else "", "dim")
    process = verify(written.problem, written.surface.read(written.words)).process
    verdict = Text("a right derivation" if process else "not a right derivation", f"bold {RIGHT if process else WRONG}")
    return text.append("\n").append_text(verdict)


def shown(one: Tries) -> Text:
    """A try with its marks, and how many tries were right."""
    return judged(one.written, f"{one.right} of {one.all} tries right; try {one.number}:")
