"""The judge. One for reward and for evaluation; it knows the problem, never the model."""

from dataclasses import dataclass

from synthtasks.problem import Problem, Step
from synthtasks.trace import Assertion, Trace


@dataclass(frozen=True)
class Verdict:
    """What holds of a trace. Each part is stricter in another way; `process` is all of them together."""

    correct: bool  # the answer is right
    steps: tuple[bool, ...]  # of each assertion: right operator, operands and value, after what it depends on
    complete: bool  # every step that the answer depends on was asserted, and rightly
    exact: bool  # nothing was asserted twice, nothing beside the proof, and every word could be read

    @property
    def sound(self) -> bool:
        """Every assertion is right. True of a trace that asserts nothing."""
        return all(self.steps)

    @property
    def process(self) -> bool:
        """The right answer by a right, whole and exact derivation."""
        return self.correct and self.sound and self.complete and self.exact


def verify(problem: Problem, trace: Trace) -> Verdict:
    """Re-execute `trace` on `problem`. No assertion is believed: each is compared with the executed graph."""
    rightly: set[str] = set()
    steps: list[bool] = []
    running: str | int = _start(problem)
    for assertion in trace.assertions:
        step = problem.by_name.get(assertion.name)
        right = step is not None and _holds(problem, step, assertion, rightly, running)
        steps.append(right)
        if right:
            rightly.add(assertion.name)
        running = assertion.name
    proof = [step.name for step in problem.proof]
    return Verdict(
        correct=trace.answer == problem.answer,
        steps=tuple(steps),
        complete=rightly.issuperset(proof),
        exact=not trace.unread and sorted(a.name for a in trace.assertions) == sorted(proof),
    )


def _start(problem: Problem) -> str | int:
    return problem.proof[0].arguments[0]


def _holds(problem: Problem, step: Step, assertion: Assertion, known: set[str], running: str | int) -> bool:
    """Whether `assertion` says what `step` is, after what the step depends on, with the step's true value."""
    operands = tuple(running if operand is None else operand for operand in assertion.operands)
    return (
        assertion.operator == step.primitive.symbol
        and operands == step.arguments
        and all(a in known for a in step.arguments if isinstance(a, str))
        and assertion.value == problem.values[step.name]
    )
