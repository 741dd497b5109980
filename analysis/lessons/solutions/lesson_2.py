"""Solutions of lesson 2, a policy and the edge of its competence. `mistake_N` is a common wrong answer, which the check refuses."""

import math


def exercise_1(pass_1: float, pass_128: float) -> str:
    """The three conditions exclude each other, so their order makes no difference."""
    if pass_1 >= 0.9:
        return "below"
    if pass_1 < 0.5 and 0.05 <= pass_128 <= 0.8:
        return "at"
    return "beyond" if pass_128 <= 0.005 else "between"


def mistake_1(pass_1: float, pass_128: float) -> str:
    """Without an upper limit on pass@128, there is no room to gain, and RL cannot show anything."""
    if pass_1 >= 0.9:
        return "below"
    if pass_1 < 0.5 and pass_128 >= 0.05:
        return "at"
    return "beyond" if pass_128 <= 0.005 else "between"


def exercise_2(losses: list[float]) -> float:
    """Log-probabilities of words add up to that of the whole."""
    return math.exp(-sum(losses))


def mistake_2(losses: list[float]) -> float:
    """The mean loss gives the success of a typical word, not of the whole."""
    return math.exp(-sum(losses) / len(losses))


def exercise_3(q: float) -> int:
    """Count on while q^n is at least one half. From .9 to .99 the mistakes become ten times rarer, and the edge lies ten times as far."""
    steps = 0
    while q ** (steps + 1) >= 0.5:
        steps += 1
    return steps


def mistake_3(q: float) -> int:
    """The expected number of steps until the first mistake, which is larger."""
    return round(1 / (1 - q))
