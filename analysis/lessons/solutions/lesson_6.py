"""Solutions of lesson 6, a reward that gets hacked. `mistake_N` is a common wrong answer, which the check refuses."""

from collections.abc import Sequence
from dataclasses import replace

from synthtasks import Problem, Trace, gold, verify


def exercise_1(problem: Problem) -> Trace:
    """The right solution, with its last step written ten times."""
    reference = gold(problem)
    return replace(reference, assertions=reference.assertions + 9 * reference.assertions[-1:])


def mistake_1(problem: Problem) -> Trace:
    """A wrong answer loses the judge, but a point for each right step does not pay for it."""
    return replace(gold(problem), answer=None)


def exercise_2(reward: Sequence[float], success: Sequence[float], over: int, margin: float) -> int:
    """The first iteration in which both hold."""
    for i in range(over, len(reward)):
        if reward[i] > reward[i - over] and success[i] < success[i - over] - margin:
            return i
    return -1


def mistake_2(reward: Sequence[float], success: Sequence[float], over: int, margin: float) -> int:
    """Falling success alone: a policy that unlearns everything is in trouble, but hacks nothing."""
    return next((i for i in range(over, len(success)) if success[i] < success[i - over] - margin), -1)


def exercise_3(problem: Problem, trace: Trace) -> float:
    """Everything for what the judge accepts; else at most half, for the share of the needed steps that are right."""
    verdict = verify(problem, trace)
    if verdict.process:
        return 1.0
    right = {step.name for step, good in zip(trace.assertions, verdict.steps, strict=True) if good}
    needed = {step.name for step in problem.proof}
    return len(right & needed) / len(needed) / 2


def mistake_3(problem: Problem, trace: Trace) -> float:
    """The share of needed steps: padding, and a wrong answer, still earn everything."""
    right = {step.name for step, good in zip(trace.assertions, verify(problem, trace).steps, strict=True) if good}
    needed = {step.name for step in problem.proof}
    return len(right & needed) / len(needed)
