"""The judge. One for reward and for evaluation; it knows the problem, never the model."""

from dataclasses import dataclass
from typing import Literal

from synthtasks.domains import Value
from synthtasks.problem import Problem, Step
from synthtasks.trace import Assertion, Trace

Kind = Literal["operator", "operand", "value", "order", "inherited", "missing", "extra", "answer", "format"]
"""What is wrong: of an assertion its operator, an operand, its value, that it comes before what it depends on, or that it
builds on a wrong one; of a trace that a step is missing or extra, its answer, or words that say nothing."""
KINDS: tuple[Kind, ...] = ("operator", "operand", "value", "order", "inherited", "missing", "extra", "answer", "format")


@dataclass(frozen=True)
class Slip:
    """One mistake."""

    kind: Kind
    step: str | None = None  # the name of the step that it concerns
    at: int | None = None  # which assertion; None for what concerns the trace as a whole


@dataclass(frozen=True)
class Verdict:
    """What holds of a trace. Each part is stricter in another way; `process` is all of them together."""

    correct: bool  # the answer is right
    steps: tuple[bool, ...]  # of each assertion: right operator, operands and value, after what it depends on
    complete: bool  # every step that the answer depends on was asserted, and rightly
    exact: bool  # every word could be read; unless the problem allows it, nothing was asserted twice or beside the proof
    slips: tuple[Slip, ...] = ()  # every mistake: of the assertions in their order, then of the trace as a whole
    surplus: int = 0  # assertions that repeat another, or lie beside the proof

    @property
    def sound(self) -> bool:
        """Every assertion is right. True of a trace that asserts nothing."""
        return all(self.steps)

    @property
    def process(self) -> bool:
        """The right answer by a right, whole and exact derivation."""
        return self.correct and self.sound and self.complete and self.exact

    @property
    def first(self) -> Slip | None:
        """The first mistake; None of a right process, and of no other."""
        return self.slips[0] if self.slips else None


def verify(problem: Problem, trace: Trace) -> Verdict:
    """Re-execute `trace` on `problem`. No assertion is believed: each is compared with the executed graph.

    Steps may come in any order in which each follows what it depends on.
    """
    rightly, said = set[str](), set[str]()
    steps: list[bool] = []
    slips: list[Slip] = []
    needed = {step.name for step in problem.proof}
    running: str | Value = _start(problem)
    surplus = 0
    for at, assertion in enumerate(trace.assertions):
        name = assertion.name
        kind = _mistake(problem, assertion, rightly, said, running)
        steps.append(kind is None)
        beside = name not in needed or name in said
        surplus += beside
        if kind is None:
            rightly.add(name)
        if kind is not None or (beside and problem.surplus == "refused"):
            slips.append(Slip(kind or "extra", name, at))
        said.add(name)
        running = name
    slips += [Slip("missing", step.name) for step in problem.proof if step.name not in said]
    correct, complete = trace.answer == problem.answer, rightly >= needed
    if not correct:
        slips.append(Slip("answer", problem.query))
    if trace.unread:
        slips.append(Slip("format"))
    exact = not trace.unread and (problem.surplus == "allowed" or (not surplus and said >= needed))
    return Verdict(correct, tuple(steps), complete, exact, tuple(slips), surplus)


def _start(problem: Problem) -> str | Value:
    return problem.proof[0].arguments[0]


def _mistake(problem: Problem, assertion: Assertion, rightly: set[str], said: set[str], running: str | Value) -> Kind | None:
    """What is wrong with an assertion, the most basic mistake first; None if it says what the step is, and what it gives."""
    step: Step | None = problem.by_name.get(assertion.name)
    if step is None:
        return "extra"
    if assertion.operator != step.primitive.symbol:
        return "operator"
    operands = assertion.operands
    if None in operands:
        operands = tuple([running if operand is None else operand for operand in operands])
    if operands != step.arguments:
        return "operand"
    for argument in step.arguments:
        if isinstance(argument, str) and argument not in rightly:
            return "inherited" if argument in said else "order"
    return None if assertion.value == problem.values[step.name] else "value"
