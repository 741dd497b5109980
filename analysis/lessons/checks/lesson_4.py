"""Checks of lesson 4, reinforcement below, at and beyond the edge."""

from collections.abc import Callable
from math import isclose

from analysis.lessons.answers import Mark, not_yet, right

NONE = "it gives None. Replace `return None` by your solution."
ADVANTAGES = (  # rewards, advantages
    ((0.0, 1.0), (-1.0, 1.0)),
    ((1.0, 0.0, 0.0, 0.0), (3**0.5, -(3**-0.5), -(3**-0.5), -(3**-0.5))),
    ((0.0, 0.5, 1.0), (-(1.5**0.5), 0.0, 1.5**0.5)),
    ((1.0, 1.0, 1.0, 1.0), (0.0, 0.0, 0.0, 0.0)),
)
SIGNAL = {(0.5, 2): 0.5, (0.5, 16): 1 - 2**-15, (0.0, 16): 0.0, (1.0, 16): 0.0, (0.9, 2): 0.18}  # p, group
INTERVALS = (  # gains, ends: 12.706 and 4.303 are t for 1 and 2 degrees of freedom
    ((0.0, 2.0), (1 - 12.7062, 1 + 12.7062)),
    ((10.0, 20.0, 30.0), (20 - 4.30265 * 10 / 3**0.5, 20 + 4.30265 * 10 / 3**0.5)),
)


def check_exercise_1(candidate: Callable[[list[float]], list[float] | None]) -> Mark:
    """Four groups, one of them without signal."""
    for rewards, due in ADVANTAGES:
        if (found := candidate(list(rewards))) is None:
            return not_yet(NONE)
        if len(found) != len(due) or not all(isclose(a, b, abs_tol=1e-2) for a, b in zip(found, due, strict=True)):
            wanted, yours = (", ".join(f"{a:.2f}" for a in values) for values in (due, found))
            return not_yet(f"the rewards {', '.join(map(str, rewards))} give the advantages {wanted}; yours are {yours}.")
    return right("their mean is 0, and so is their effect where there is no signal.")


def check_exercise_2(candidate: Callable[[float, int], float | None]) -> Mark:
    """Some probabilities and groups."""
    for (p, group), due in SIGNAL.items():
        if (found := candidate(p, group)) is None:
            return not_yet(NONE)
        if not isclose(found, due, abs_tol=1e-6):
            return not_yet(f"with p = {p} and G = {group}, a group has signal with probability {due:.4f}; yours is {found:.4f}.")
    return right("signal is largest at p = 1/2, and a larger group finds it further out.")


def check_exercise_3(candidate: Callable[[list[float]], tuple[float, float] | None]) -> Mark:
    """Two and three seeds."""
    for gains, due in INTERVALS:
        if (found := candidate(list(gains))) is None:
            return not_yet(NONE)
        if not all(isclose(a, b, abs_tol=1e-2) for a, b in zip(found, due, strict=True)):
            wanted, yours = (f"[{low:.2f}, {high:.2f}]" for low, high in (due, found))
            return not_yet(f"the gains {', '.join(map(str, gains))} give {wanted}; yours is {yours}.")
    return right("with two seeds it is so wide that it says nothing; the root of n and t both help.")
