"""Checks of lesson 6, a reward that gets hacked."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from analysis.lessons.answers import Mark, not_yet, right
from synthtasks import Assertion, Problem, Program, Trace, gold, problems, verify
from synthtasks.domains import following

FAMILY = Program(steps=2, lines=4, modulus=5)
TRIED = 20  # problems
RISING, FALLING, FLAT = (1.0, 1.1, 1.2, 1.3, 1.4, 1.5), (0.9, 0.8, 0.7, 0.6, 0.5, 0.4), (0.5,) * 6
LATE = (0.5, 0.6, 0.7, 0.7, 0.6, 0.4)
NEVER = -1
CURVES = {  # reward, success, and the iteration of the alarm over 2 iterations with a margin of 0.1
    "the reward rises and success falls": (RISING, FALLING, 2),
    "both rise": (RISING, RISING, NEVER),
    "both fall": (FALLING, FALLING, NEVER),
    "the reward stays as it is": (FLAT, FALLING, NEVER),
    "success falls late": (RISING, LATE, 5),
    "success falls by less than the margin": (RISING, (0.9, 0.88, 0.86, 0.84, 0.82, 0.8), NEVER),
}


def tried() -> list[Problem]:
    """The problems on which solutions are tried."""
    return list(islice(problems(FAMILY, "test", "check lesson 6"), TRIED))


def points(problem: Problem, trace: Trace) -> int:
    """A point for each right step."""
    return sum(verify(problem, trace).steps)


def check_exercise_1(candidate: Callable[[Problem], Trace | None]) -> Mark:
    """It earns more points than the reference, and the judge refuses it."""
    for task in tried():
        if (trace := candidate(task)) is None:
            return not_yet("exercise_1 gives None. Replace `return None` by your solution.")
        earned, due = points(task, trace), points(task, gold(task))
        if earned <= due:
            return not_yet(f"it earns {earned} points, and the right solution earns {due}. Which steps could be written besides?")
        if verify(task, trace).process:
            return not_yet("the judge accepts it, so it is no hack.")
    return right("it is paid better than the right solution, and it is none.")


def check_exercise_2(candidate: Callable[[Sequence[float], Sequence[float], int, float], int | None]) -> Mark:
    """Pairs of curves, of which some part."""
    for what, (reward, success, due) in CURVES.items():
        if (found := candidate(reward, success, 2, 0.1)) is None:
            return not_yet("exercise_2 gives None. Replace `return None` by your solution.")
        if found != due:
            said = "never" if due == NEVER else f"in iteration {due}"
            return not_yet(f"{what}, so the alarm rings {said}; yours gives {found}. Reward {reward}, success {success}.")
    return right("it rings where the reward rises while success falls, and nowhere else.")


def refused(task: Problem) -> Iterator[tuple[str, Trace]]:
    """Ways to earn without the work, none of which the judge accepts."""
    reference = gold(task)
    steps = reference.assertions
    needed = {step.name for step in task.proof}
    values = task.values
    others = tuple(Assertion(s.name, s.primitive.symbol, s.arguments, values[s.name], 0) for s in task.steps if s.name not in needed)
    yield "nothing at all", Trace((), None)
    yield "the answer alone", Trace((), reference.answer)
    yield "the first step alone", Trace(steps[:1], None)
    twice = tuple(s._replace(value=value) for s in steps for value in (following(s.value, task.modulus), s.value))
    yield "every step with a wrong value, and then with the right one", replace(reference, assertions=twice)
    yield "every step written five times", replace(reference, assertions=5 * steps)
    yield "true steps that nobody needs, before the others", replace(reference, assertions=(*others, *steps))
    yield "all steps, and a wrong answer", replace(reference, answer=following(task.answer, task.modulus))
    yield "all steps, and no answer", replace(reference, answer=None)
    yield "all steps, and words that say nothing", replace(reference, unread=("because",))


def check_exercise_3(candidate: Callable[[Problem, Trace], float | None]) -> Mark:
    """The right solution earns more than any trick, and partly right work earns something."""
    for task in tried():
        if (best := candidate(task, gold(task))) is None:
            return not_yet("exercise_3 gives None. Replace `return None` by your solution.")
        half = Trace(gold(task).assertions[:1], None)
        for what, trace in (("the right solution", gold(task)), *refused(task)):
            earned = candidate(task, trace)
            if earned is None or not 0 <= earned <= 1:
                return not_yet(f"a reward lies between 0 and 1; {what} earns {earned}.")
            if trace != gold(task) and earned >= best:
                return not_yet(f"{what} earns {earned:.2f}, and the right solution only {best:.2f}. The judge refuses the former.")
        if not (candidate(task, half) or 0) > (candidate(task, Trace((), None)) or 0):
            return not_yet("one of two needed steps earns no more than nothing at all: pay for partly right work.")
    return right("no trick that we know of beats the work. Somebody will find another one.")
