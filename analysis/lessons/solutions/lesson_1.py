"""Solutions of lesson 1, a problem, its graph, and the judge. `mistake_N` is a common wrong answer, which the check refuses."""

from dataclasses import replace

from synthtasks import Problem, Trace, gold, verify
from synthtasks.domains import Value


def exercise_1(problem: Problem) -> Value:
    """Steps come in an order in which every step follows those that it uses: work them out one by one."""
    values: dict[str, Value] = {}
    for step in problem.steps:
        operands = [values[a] if isinstance(a, str) else a for a in step.arguments]
        values[step.name] = step.primitive(*operands, modulus=problem.modulus)
    return values[problem.query]


def mistake_1(problem: Problem) -> Value:
    """The last step is not the one that is asked for: distractors may follow it."""
    return problem.values[problem.steps[-1].name]


def exercise_2(problem: Problem) -> Trace:
    """Nothing uses the last step of the proof, so nothing inherits its mistake."""
    reference = gold(problem)
    *before, last = reference.assertions
    assert isinstance(last.value, int)
    return replace(reference, assertions=(*before, last._replace(value=(last.value + 1) % problem.modulus)))


def mistake_2(problem: Problem) -> Trace:
    """Whatever uses the first step inherits its mistake, so more than one step is wrong."""
    reference = gold(problem)
    first, *after = reference.assertions
    assert isinstance(first.value, int)
    return replace(reference, assertions=(first._replace(value=(first.value + 1) % problem.modulus), *after))


def exercise_3(problem: Problem, trace: Trace) -> float:
    """A set of names counts each step once, and only needed ones."""
    right = {a.name for a, good in zip(trace.assertions, verify(problem, trace).steps, strict=True) if good}
    needed = {step.name for step in problem.proof}
    return len(right & needed) / len(needed)


def mistake_3(problem: Problem, trace: Trace) -> float:
    """The share of right steps among those that were written: one right step, and nothing else, would earn everything."""
    steps = verify(problem, trace).steps
    return sum(steps) / max(1, len(steps))
