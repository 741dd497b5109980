"""Solutions of lesson 3, exact pass@k. `mistake_N` is a common wrong answer, which the check refuses."""

import math


def exercise_1(logp: float, k: int) -> float:
    """log(1 - p) by `log1p`, and 1 - exp(x) by `expm1`: neither loses a small p."""
    p = math.exp(logp)
    return -math.expm1(k * math.log1p(-p)) if p < 1 else 1.0


def mistake_1(logp: float, k: int) -> float:
    """1 - p is rounded to 1 for every p below 1e-16."""
    return 1 - (1 - math.exp(logp)) ** k


def exercise_2(n: int, c: int, k: int) -> float:
    """All k are wrong in comb(n - c, k) of comb(n, k) draws."""
    return 1 - math.comb(n - c, k) / math.comb(n, k)


def mistake_2(n: int, c: int, k: int) -> float:
    """The plug-in estimate: it draws with return, as if c / n were p."""
    return 1 - (1 - c / n) ** k


def exercise_3(p: float, sure: float) -> int:
    """All of n tries fail with probability (1 - p)^n, which must be at most 1 - sure."""
    return math.ceil(math.log(1 - sure) / math.log1p(-p))


def mistake_3(p: float, sure: float) -> int:
    """1 / p tries hold one success on average, and none in more than a third of all cases."""
    return math.ceil(1 / p)
