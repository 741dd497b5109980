"""Checks of lesson 2, a policy and the edge of its competence."""

import math
from collections.abc import Callable

from analysis.lessons.answers import Mark, not_yet, right
from analysis.measures.edge import Rule

NONE = "it gives None. Replace `return None` by your solution."
CASES = ((1.0, 1.0), (0.9, 1.0), (0.7, 1.0), (0.49, 0.99), (0.49, 0.8), (0.01, 0.5), (0.0, 0.05), (0.0, 0.02), (0.0, 0.005), (0.0, 0.0))
LOSSES = ([0.0], [math.log(2)] * 3, [0.1, 0.2, 0.3, 2.0])
RATES = {0.5: 1, 0.7: 1, 0.8: 3, 0.9: 6, 0.99: 68, 0.999: 692}


def check_exercise_1(candidate: Callable[[float, float], str | None]) -> Mark:
    """The region at the borders of the rule, and between them."""
    for first, many in CASES:
        if (found := candidate(first, many)) is None:
            return not_yet(NONE)
        if found != (due := Rule().region(first, many)):
            return not_yet(f"with pass@1 = {first} and pass@128 = {many}, the region is {due}; yours is {found}.")
    return right("the regions are those of the studies.")


def check_exercise_2(candidate: Callable[[list[float]], float | None]) -> Mark:
    """Three lists of losses."""
    for losses in LOSSES:
        if (found := candidate(losses)) is None:
            return not_yet(NONE)
        if abs(found - (due := math.exp(-sum(losses)))) > 1e-9:
            said = [round(loss, 3) for loss in losses]
            return not_yet(f"with losses {said} the solution has probability {due:.4f}; yours is {found:.4f}. Probabilities multiply.")
    return right("a loss that looks small, word by word, may leave little of a long solution.")


def check_exercise_3(candidate: Callable[[float], int | None]) -> Mark:
    """Some rates, each with its number of steps."""
    for q, steps in RATES.items():
        if (found := candidate(q)) is None:
            return not_yet(NONE)
        if found != steps:
            return not_yet(
                f"with q = {q}, success is {q**steps:.3f} after {steps} steps, {q ** (steps + 1):.3f} after one more: not {found}."
            )
    return right("ten times fewer mistakes move the edge about ten times as far.")
