"""Solutions of lesson 4, reinforcement below, at and beyond the edge. `mistake_N` is a common wrong answer, which the check refuses."""

import numpy as np
from scipy import stats


def exercise_1(rewards: list[float]) -> list[float]:
    """Without signal there is nothing to divide by."""
    x = np.array(rewards)
    spread = x.std()
    return [float(a) for a in (x - x.mean()) / spread] if spread > 0 else [0.0] * len(rewards)


def mistake_1(rewards: list[float]) -> list[float]:
    """The reward less the mean alone: Dr. GRPO (arXiv:2503.20783), not GRPO."""
    return [r - sum(rewards) / len(rewards) for r in rewards]


def exercise_2(p: float, group: int) -> float:
    """All right, p^G, and all wrong, (1 - p)^G, exclude each other."""
    return 1 - p**group - (1 - p) ** group


def mistake_2(p: float, group: int) -> float:
    """The chance that one or more are right: a group in which all are has no signal either."""
    return 1 - (1 - p) ** group


def exercise_3(gains: list[float]) -> tuple[float, float]:
    """The standard error of the mean, times Student's t."""
    n, mean = len(gains), float(np.mean(gains))
    half = float(stats.t.ppf(0.975, n - 1) * np.std(gains, ddof=1)) / n**0.5
    return mean - half, mean + half


def mistake_3(gains: list[float]) -> tuple[float, float]:
    """The range of single seeds, not of their mean: the root of n is missing."""
    n, mean = len(gains), float(np.mean(gains))
    half = float(stats.t.ppf(0.975, n - 1) * np.std(gains, ddof=1))
    return mean - half, mean + half
