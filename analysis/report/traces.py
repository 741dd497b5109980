"""Completions of a policy with the judge's marks: each step right or wrong, and the expected step where it is wrong."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from analysis.design.results import Results
from analysis.measures.facts import Cell, Labels
from analysis.report.html import tag
from synthtasks.domains import Value
from synthtasks.problem import Problem
from synthtasks.search import Search, Turn
from synthtasks.surfaces import Compact, Surface
from synthtasks.trace import Assertion, Trace
from synthtasks.verify import verify
from train.sample import Sample, read_samples
from train.stages.reading import reading
from train.stages.stage import Undefined
from train.stages.store import Store

PREFERRED = "sampled_after"  # where a cell has several stages that sample


@dataclass(frozen=True)
class Mark:
    """A step of a completion (or one that is missing), with the judge's verdict on it."""

    said: str
    right: bool
    remark: str = ""


@dataclass(frozen=True)
class Exhibit:
    """A completion of a policy, to be shown."""

    labels: Labels
    seed: int
    stage: str  # by its name in the cell
    surface: Surface
    problem: Problem
    trace: Trace
    solved: bool


def sampled(cell: Cell) -> str | None:
    """The name of the cell's stage of completions."""
    found = [name for name, stage in cell.named if isinstance(stage, Sample)]
    return PREFERRED if PREFERRED in found else found[-1] if found else None


def exhibits(results: Results) -> tuple[Exhibit | None, Exhibit | None]:
    """A completion that solves its problem, and one that fails, if possible after a right step. Cells of the first claim come first."""
    claims = results.study.claims[:1]
    cells = sorted(results.cells, key=lambda cell: not any(claim.speaks_of(dict(cell.labels)) for claim in claims))

    def first(wanted: Callable[[Exhibit], bool]) -> Exhibit | None:
        return next((e for cell in cells for e in _completions(cell, results.store) if wanted(e)), None)

    return first(lambda e: e.solved), first(lambda e: not e.solved and _stumbles(e)) or first(lambda e: not e.solved)


@dataclass(frozen=True)
class Answered:
    """The completions of a `Sample`, judged: P problems, and of each completion its problem's number and its trace."""

    sample: Sample
    prompts: tuple[str, ...]  # [P]
    problems: Sequence[Problem]  # [P]
    given: Sequence[Sequence[str]]  # [P] first steps of the solution, which were part of the prompt
    problem: Sequence[int]  # [B]
    words: Sequence[str]  # [B]

    @property
    def surface(self) -> Surface:
        """The surface in which it was asked."""
        return self.sample.sampler.surface

    def trace(self, place: int, words: str) -> Trace:
        """A completion of a problem, read."""
        return self.surface.read((*self.given[place], *words.split()))


def answered(sample: Sample, store: Store, met: Sequence[Problem] | None = None) -> Answered | None:
    """The completions of a stage, whose problems may have been `met` already; None, where there were no problems for it.

    Raises:
        Malformed: if they cannot be read, or are not of the problems that the stage draws.
    """
    try:
        found = read_samples(sample, store)
    except Undefined:
        return None
    surface, problems = sample.sampler.surface, sample.met(store) if met is None else met
    asked = [" ".join(surface.prompt(p)) for p in problems]
    with reading(store.path(sample) / "samples.npz"):
        if not all(prompt.startswith(own) for prompt, own in zip(found.prompts, asked, strict=True)):
            raise ValueError("it is not of the problems that its stage draws")
    given = [prompt.removeprefix(own).split() for prompt, own in zip(found.prompts, asked, strict=True)]
    return Answered(sample, found.prompts, problems, given, found.problem.tolist(), found.words)


def _completions(cell: Cell, store: Store) -> Iterator[Exhibit]:
    """The completions of a cell's policy; none, where there were no problems for it."""
    name = sampled(cell)
    found = None if name is None else answered(cell.stage(name, Sample), store)
    if name is None or found is None:
        return
    for place, words in zip(found.problem, found.words, strict=True):
        problem, trace = found.problems[place], found.trace(place, words)
        yield Exhibit(cell.labels, cell.seed, name, found.surface, problem, trace, verify(problem, trace).process)


def _stumbles(exhibit: Exhibit) -> bool:
    """True if some steps are right and a later one is not."""
    return (True, False) in pairwise(verify(exhibit.problem, exhibit.trace).steps)


def marks(problem: Problem, trace: Trace) -> tuple[Mark, ...]:
    """Each step of the trace, those that it lacks, the answer, and the words that could not be read; of a search its turns."""
    if isinstance(problem, Search):
        return tuple(map(_turn, problem.replay(trace)))
    verdict = verify(problem, trace)
    found = [_mark(problem, a, right) for a, right in zip(trace.assertions, verdict.steps, strict=True)]
    said = {a.name for a in trace.assertions}
    unsaid = trace.assertions[0].operands if trace.assertions else ()
    found += [Mark("(not said)", False, f"expected {_expected(problem, s.name, unsaid)}") for s in problem.proof if s.name not in said]
    answer = "no answer" if trace.answer is None else f"answer {_spelled(trace.answer)}"
    found.append(Mark(answer, verdict.correct, "" if verdict.correct else f"expected {_spelled(problem.answer)}"))
    if trace.unread:
        found.append(Mark(" ".join(trace.unread), False, "could not be read"))
    return tuple(found)


def _turn(turn: Turn) -> Mark:
    remark = "was tried here before" if turn.repeat else "" if turn.valid else "in vain"
    return Mark(f"{turn.tag} {turn.action} in {turn.state}, then {turn.reached}".strip(), not remark, remark)


def _mark(problem: Problem, a: Assertion, right: bool) -> Mark:
    said = _step(a.name, a.operator, a.operands, a.value)
    step = problem.by_name.get(a.name)
    if step is None:
        return Mark(said, False, "the problem has no such step")
    if step not in problem.proof:
        return Mark(said, right, "outside the steps that the answer needs")
    if right:
        return Mark(said, True)
    if said != (expected := _expected(problem, a.name, a.operands)):
        return Mark(said, False, f"expected {expected}")
    before = " and ".join(dict.fromkeys(argument for argument in step.arguments if isinstance(argument, str)))
    return Mark(said, False, f"right in itself, but {f'does not follow a right {before}' if before else 'it comes first'}")


def _expected(problem: Problem, name: str, like: Sequence[object]) -> str:
    """The true step, without the operands that an assertion with operands `like` these leaves out."""
    step = problem.by_name[name]
    unsaid = [operand is None for operand in like] if len(like) == len(step.arguments) else [False] * len(step.arguments)
    arguments = [None if hidden else argument for argument, hidden in zip(step.arguments, unsaid, strict=True)]
    return _step(name, step.primitive.symbol, arguments, problem.values[name])


def _step(name: str, operator: str, operands: Sequence[str | Value | None], value: Value) -> str:
    return " ".join([name, operator, *(_spelled(o) for o in operands if o is not None), "gives", _spelled(value)])


def _spelled(value: str | Value) -> str:
    return f'"{"".join(value)}"' if isinstance(value, tuple) else str(value)


def show(exhibit: Exhibit) -> Markup:
    """The problem, and the marked completion."""
    found = []
    for mark in marks(exhibit.problem, exhibit.trace):
        remark = tag("span", mark.remark, kind="remark") if mark.remark else ""
        found.append(tag("li", tag("b", "✓" if mark.right else "✗"), " ", mark.said, remark, kind="right" if mark.right else "wrong"))
    asked = question(exhibit.surface, exhibit.problem)
    lines = [tag("span", line, kind="line inside" if inside else "line") for line, inside in asked.lines]
    program = tag("div", *lines, kind="program mono") if lines else ""
    return program + tag("p", asked.said, kind="" if lines else "mono") + tag("ol", *found, kind="trace mono")


@dataclass(frozen=True)
class Question:
    """A problem as it was asked: the words of the prompt; of a program its lines, each with True if it is to be run, and the request."""

    said: str
    lines: tuple[tuple[str, bool], ...] = ()


def question(surface: Surface, problem: Problem) -> Question:
    """The problem in this surface."""
    if not isinstance(surface, Compact) or isinstance(problem, Search):
        return Question(" ".join(surface.prompt(problem)))
    lines = tuple((f"{s.name} {s.primitive.symbol} {s.arguments[1]}", s in problem.proof) for s in problem.steps)
    first = problem.proof[0]
    return Question(f"Run {first.name} to {problem.query} from {first.arguments[0]}, modulo {problem.modulus}:", lines)
