"""Checks of lesson 3, exact pass@k."""

from collections.abc import Callable
from math import isclose

import numpy as np

from analysis.lessons.answers import Mark, not_yet, right
from analysis.measures.estimates import exact_pass_at_k, sampled_pass_at_k

NONE = "it gives None. Replace `return None` by your solution."
EXACT = ((0.0, 1), (-0.5, 1), (-0.5, 8), (-7.0, 128), (-30.0, 1_000), (-50.0, 10**12))  # log p, k
COUNTS = ((16, 0, 4), (16, 1, 8), (64, 5, 16), (64, 60, 16), (256, 3, 128))  # n, c, k
PLANS = {(0.5, 0.95): 5, (0.1, 0.5): 7, (0.001, 0.95): 2_995, (0.001, 0.99): 4_603}  # p, sure


def check_exercise_1(candidate: Callable[[float, int], float | None]) -> Mark:
    """pass@k for large and for tiny p."""
    for logp, k in EXACT:
        if (found := candidate(logp, k)) is None:
            return not_yet(NONE)
        due = float(exact_pass_at_k(np.array(logp), k))
        if not isclose(found, due, rel_tol=1e-9):
            return not_yet(f"with log p = {logp:g} and k = {k:,}, pass@k is {due:.6g}; yours is {found:.6g}.")
    return right("it is accurate from certainty to one success in 10^21 tries.")


def check_exercise_2(candidate: Callable[[int, int, int], float | None]) -> Mark:
    """The estimate for some counts."""
    for n, c, k in COUNTS:
        if (found := candidate(n, c, k)) is None:
            return not_yet(NONE)
        due = float(sampled_pass_at_k(np.array([n]), np.array([c]), k)[0])
        if not isclose(found, due, rel_tol=1e-6, abs_tol=1e-9):
            return not_yet(f"with n = {n}, c = {c} and k = {k}, the estimate is {due:.4f}; yours is {found:.4f}. Nothing is drawn twice.")
    return right("averaged over many experiments, it is pass@k.")


def check_exercise_3(candidate: Callable[[float, float], int | None]) -> Mark:
    """The tries for some p."""
    for (p, sure), due in PLANS.items():
        if (found := candidate(p, sure)) is None:
            return not_yet(NONE)
        if found != due:
            seen = 1 - (1 - p) ** found
            return not_yet(f"with p = {p} and sure = {sure}, {due:,} tries do; yours, {found:,}, show a success with chance {seen:.3f}.")
    return right("for a rare success and a chance of 95 %, it is about 3 / p.")
