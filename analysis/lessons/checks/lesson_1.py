"""Checks of lesson 1, a problem, its graph, and the judge."""

from collections.abc import Callable
from itertools import islice

from analysis.lessons.answers import Mark, not_yet, right
from synthtasks import Dag, Problem, Trace, gold, problems, verify
from synthtasks.domains import Value
from synthtasks.surfaces import Equations

FAMILY = Dag(steps=5, depth=3, branching=2)
TRIED = 20  # problems


def tried() -> list[Problem]:
    """The problems on which solutions are tried."""
    return list(islice(problems(FAMILY, "test", "check lesson 1"), TRIED))


def check_exercise_1(candidate: Callable[[Problem], Value | None]) -> Mark:
    """The answers of some problems are right."""
    for i, task in enumerate(tried(), 1):
        if (found := candidate(task)) is None:
            return not_yet("exercise_1 gives None. Replace `return None` by your solution.")
        if found != task.answer:
            return not_yet(f"problem {i} of {TRIED}, {' '.join(Equations().prompt(task))}: the answer is {task.answer}, yours is {found}.")
    return right(f"all {TRIED} answers are.")


def check_exercise_2(candidate: Callable[[Problem], Trace | None]) -> Mark:
    """One step is wrong, none is missing, and the answer is right."""
    for task in tried():
        if (trace := candidate(task)) is None:
            return not_yet("exercise_2 gives None. Replace `return None` by your solution.")
        verdict = verify(task, trace)
        if not verdict.correct:
            return not_yet(f"the answer is wrong: it is {task.answer}, and yours says {trace.answer}.")
        if len(trace.assertions) != len(task.proof):
            return not_yet(f"it has {len(trace.assertions)} steps instead of {len(task.proof)}. Change a step, and keep the others.")
        if (wrong := verdict.steps.count(False)) != 1:
            return not_yet(f"{wrong} steps are wrong. What uses a wrong step inherits the mistake; nothing uses the last step.")
    return right("the answer is right in spite of a wrong step, and only a judge of steps can tell.")


def check_exercise_3(candidate: Callable[[Problem, Trace], float | None]) -> Mark:
    """The reward of the reference, of parts of it, of repetitions and of surplus steps."""
    for task in tried():
        reference, n = gold(task), len(task.proof)
        steps = reference.assertions
        cases = {
            "the reference solution": (steps, 1.0),
            "the empty solution": ((), 0.0),
            "a solution without its last step": (steps[:-1], (n - 1) / n),
            "one right step, and nothing else": (steps[:1], 1 / n),
            "one right step, written ten times": (steps[:1] * 10, 1 / n),
            "the reference, written twice": (steps * 2, 1.0),
        }
        for what, (written, due) in cases.items():
            if (paid := candidate(task, Trace(written, reference.answer))) is None:
                return not_yet("exercise_3 gives None. Replace `return None` by your solution.")
            if abs(paid - due) > 1e-9:
                return not_yet(f"{what} earns {paid:.2f}, and should earn {due:.2f}.")
    return right("it pays for each needed step once. In lesson 6 you will see what models do to rewards that pay twice.")
