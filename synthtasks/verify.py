"""The judge of reward and evaluation alike; it knows the problem, not the model."""

from dataclasses import dataclass
from typing import Literal, Protocol, get_args, runtime_checkable

from synthtasks.domains import Value
from synthtasks.shown.posed import Applied, Posed
from synthtasks.trace import Assertion, Trace

Kind = Literal["operator", "operand", "value", "order", "inherited", "missing", "extra", "answer", "format"]
"""Mistakes. In an assertion: wrong operator, operand or value; order, if it precedes a step that it depends on; inherited, if
it uses a wrong step. In a trace: a missing or extra step, a wrong answer, unread words (format)."""
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Slip:
    """One mistake."""

    kind: Kind
    step: str | None = None  # name
    at: int | None = None  # index of the assertion; None if the slip concerns the whole trace


@dataclass(frozen=True)
class Verdict:
    """The outcome of judging a trace; `process` is the conjunction of the other criteria."""

    correct: bool  # the answer is right
    steps: tuple[bool, ...]  # by assertion: operator, operands and value are right, after right assertions of the steps that it uses
    complete: bool  # every step of the proof is asserted and right
    exact: bool  # every word is read; no assertion is surplus, unless the problem allows it
    slips: tuple[Slip, ...] = ()  # of the assertions in their order, then of the whole trace
    surplus: int = 0  # assertions that repeat another or lie beside the proof

    @property
    def sound(self) -> bool:
        """True if every assertion is right; so a trace without assertions is sound."""
        return all(self.steps)

    @property
    def process(self) -> bool:
        """True if a sound, complete and exact derivation gives the right answer."""
        return self.correct and self.sound and self.complete and self.exact

    @property
    def first(self) -> Slip | None:
        """The first mistake; None only if the process is right."""
        return self.slips[0] if self.slips else None


@runtime_checkable
class Judging(Protocol):
    """A problem that judges traces itself, since other traces are right than derivations of its steps."""

    def judge(self, trace: Trace) -> Verdict: ...


def verify(problem: Posed, trace: Trace) -> Verdict:
    """Judge `trace` by comparing each assertion with the executed graph of `problem`, unless the problem judges itself (`Judging`).

    Steps may come in any topological order.
    """
    if isinstance(problem, Judging):
        return problem.judge(trace)
    proven, asserted = set[str](), set[str]()
    steps: list[bool] = []
    slips: list[Slip] = []
    needed = {step.name for step in problem.proof}
    running: str | Value = problem.proof[0].arguments[0]
    surplus = 0
    for at, assertion in enumerate(trace.assertions):
        name = assertion.name
        kind = _mistake(problem, assertion, proven, asserted, running)
        steps.append(kind is None)
        extra = name not in needed or name in asserted
        surplus += extra
        if kind is None:
            proven.add(name)
        if kind is not None or (extra and problem.surplus == "refused"):
            slips.append(Slip(kind or "extra", name, at))
        asserted.add(name)
        running = name
    slips += [Slip("missing", step.name) for step in problem.proof if step.name not in asserted]
    correct, complete = trace.answer == problem.answer, proven >= needed
    if not correct:
        slips.append(Slip("answer", problem.query))
    if trace.unread:
        slips.append(Slip("format"))
    exact = not trace.unread and (problem.surplus == "allowed" or (not surplus and asserted >= needed))
    return Verdict(correct, tuple(steps), complete, exact, tuple(slips), surplus)


def _mistake(problem: Posed, assertion: Assertion, proven: set[str], asserted: set[str], running: str | Value) -> Kind | None:
    """The most basic mistake of an assertion; None if its operator, operands and value are right."""
    step: Applied | None = problem.by_name.get(assertion.name)
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
        if isinstance(argument, str) and argument not in proven:
            return "inherited" if argument in asserted else "order"
    return None if assertion.value == problem.values[step.name] else "value"
