"""What a policy said, with the judge's marks: each step right or wrong, and what was expected where it is wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from analysis.report.html import tag
from analysis.studies.results import Results
from analysis.studies.study import Cell
from synthtasks.problem import Problem, Step
from synthtasks.trace import Assertion, Trace
from synthtasks.verify import verify
from train.sample import Sample, read_samples
from train.stages.reading import reading
from train.stages.stage import Undefined
from train.stages.store import Store


@dataclass(frozen=True)
class Mark:
    """One thing that was said (or not), and what the judge holds of it."""

    said: str
    right: bool
    remark: str = ""


@dataclass(frozen=True)
class Exhibit:
    """A completion of a policy, to be shown."""

    labels: tuple[tuple[str, str], ...]
    seed: int
    problem: Problem
    trace: Trace
    solved: bool


def exhibits(results: Results) -> tuple[Exhibit | None, Exhibit | None]:
    """After RL: a completion that solves its problem, and one that fails, if possible in the middle of things."""
    solved = failed = None
    for exhibit in (e for cell in sorted(results.cells, key=lambda c: c.trained != "at") for e in _said(cell, results.store)):
        if exhibit.solved:
            solved = solved or exhibit
        elif failed is None or (_stumbles(exhibit) and not _stumbles(failed)):
            failed = exhibit
        if solved and failed and _stumbles(failed):
            break
    return solved, failed


def _said(cell: Cell, store: Store) -> Iterator[Exhibit]:
    """What the cell's policy said after RL; nothing, where it was not asked."""
    if cell.asked is None:
        return
    sample: Sample = cell.asked[1]
    try:
        said = read_samples(sample, store)
    except Undefined:
        return
    surface, problems = sample.sampler.surface, sample.source.batch(store, sample.problems, sample.seed, 0, 0)
    with reading(store.path(sample) / "samples.npz"):
        if said.prompts != tuple(" ".join(surface.prompt(p)) for p in problems):
            raise ValueError("it is not of the problems that its stage draws")
    for place, words in zip(said.problem.tolist(), said.words, strict=True):
        problem = problems[place]
        trace = surface.read(tuple(words.split()))
        yield Exhibit(cell.labels, cell.seed, problem, trace, verify(problem, trace).process)


def _stumbles(exhibit: Exhibit) -> bool:
    """Whether some steps are right and a later one is not."""
    steps = verify(exhibit.problem, exhibit.trace).steps
    return (True, False) in pairwise(steps)


def marks(problem: Problem, trace: Trace) -> tuple[Mark, ...]:
    """Every step that was said, those that were not, the answer, and what could not be read."""
    verdict = verify(problem, trace)
    found = [_mark(problem, a, right) for a, right in zip(trace.assertions, verdict.steps, strict=True)]
    said = {a.name for a in trace.assertions}
    found += [Mark("(not said)", False, f"expected {_line(problem, s)}") for s in problem.proof if s.name not in said]
    answer = "no answer" if trace.answer is None else f"answer {trace.answer}"
    found.append(Mark(answer, verdict.correct, "" if verdict.correct else f"expected {problem.answer}"))
    if trace.unread:
        found.append(Mark(" ".join(trace.unread), False, "could not be read"))
    return tuple(found)


def _mark(problem: Problem, a: Assertion, right: bool) -> Mark:
    said = f"{a.name} {a.operator} {a.operands[1]} gives {a.value}"
    step = problem.by_name.get(a.name)
    if step is None:
        return Mark(said, False, "the program has no such line")
    if step not in problem.proof:
        return Mark(said, right, "outside the lines that are to be run")
    if right:
        return Mark(said, True)
    if said != _line(problem, step):
        return Mark(said, False, f"expected {_line(problem, step)}")
    before = step.arguments[0]
    return Mark(said, False, f"right in itself, but {'does not follow a right ' + before if isinstance(before, str) else 'it comes first'}")


def _line(problem: Problem, step: Step) -> str:
    return f"{step.name} {step.primitive.symbol} {step.arguments[1]} gives {problem.values[step.name]}"


def show(exhibit: Exhibit) -> Markup:
    """The program with the lines that are to be run, and what the policy said of them."""
    problem = exhibit.problem
    lines = [
        tag("span", f"{s.name} {s.primitive.symbol} {s.arguments[1]}", kind="line inside" if s in problem.proof else "line")
        for s in problem.steps
    ]
    said = [_shown(mark) for mark in marks(problem, exhibit.trace)]
    first = problem.proof[0]
    asked = f"Run {first.name} to {problem.query} from {first.arguments[0]}, modulo {problem.modulus}:"
    return tag("div", *lines, kind="program mono") + tag("p", asked) + tag("ol", *said, kind="trace mono")


def _shown(mark: Mark) -> Markup:
    remark = tag("span", mark.remark, kind="remark") if mark.remark else ""
    return tag("li", tag("b", "✓" if mark.right else "✗"), " ", mark.said, remark, kind="right" if mark.right else "wrong")
