"""Estimates and their uncertainty. Pure functions of numbers: no files, no torch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from synthtasks.rng import rng

Floats = NDArray[np.float64]
ALIKE = 0.1  # points of 100: values over seeds that differ by less have no variance from which an error could be estimated
ROUNDING = 1e-6  # nats by which the log-probability of a certain solution may exceed 0
HARDLY = 0.05  # the expected number of solutions among k samples, below which a problem was out of reach


def exact_pass_at_k(logp: Floats, k: int) -> Floats:
    """1 - (1 - p)^k of each problem, from the log-probability that one sample solves it. Any shape; accurate at every scale.

    Raises:
        ValueError: if a log-probability is NaN, or above 0 by more than rounding.
    """
    if not (logp <= ROUNDING).all():
        raise ValueError(f"a log-probability is at most 0; found {logp[~(logp <= ROUNDING)].flat[0]}: the policy that was scored is broken")
    with np.errstate(divide="ignore"):  # p = 1 gives log(0), and pass@k = 1
        return np.asarray(-np.expm1(k * np.log1p(-np.exp(np.minimum(logp, 0.0)))))


def sampled_pass_at_k(n: NDArray[np.int64], c: NDArray[np.int64], k: int) -> Floats:
    """The chance that k of a problem's n samples, drawn without return, hold one of its c solutions. [P], [P] -> [P].

    Unbiased (arXiv:2107.03374 eq. 1), where "any of the first k" is merely noisy.

    Raises:
        ValueError: if some problem has fewer than 2k samples, where the estimate is too noisy to show, or c is not in [0, n].
    """
    if (n < 2 * k).any():
        raise ValueError(f"pass@{k} wants at least {2 * k} samples of every problem; some have {n.min()}")
    if ((c < 0) | (c > n)).any():
        raise ValueError("a problem has between 0 and n solutions among its n samples")
    i = np.arange(k)
    return np.asarray(1 - np.prod(np.clip(n[:, None] - c[:, None] - i, 0, None) / (n[:, None] - i), axis=1))


@dataclass(frozen=True)
class Interval:
    """An estimate, between two bounds."""

    mean: float
    low: float
    high: float


def bootstrap(x: Floats, *name: str | int, level: float = 0.95, draws: int = 1_000) -> Interval:
    """Mean and percentile interval over problems [P]: the uncertainty within a seed. `name` names its random numbers."""
    picks = rng("bootstrap", *name).integers(len(x), size=(draws, len(x)))
    low, high = np.quantile(x[picks].mean(1), ((1 - level) / 2, (1 + level) / 2))
    return Interval(float(x.mean()), float(low), float(high))


def over_seeds(x: Sequence[float], level: float = 0.95) -> Interval:
    """Mean and t interval over seeds, the unit of replication. One seed has no interval: its bounds are NaN.

    Raises:
        ValueError: if a value is not finite.
    """
    values = _finite(x)
    mean = float(values.mean())
    if len(values) < 2:
        return Interval(mean, float("nan"), float("nan"))
    half = float(stats.t.ppf((1 + level) / 2, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5)
    return Interval(mean, mean - half, mean + half)


def alike(x: Sequence[float]) -> bool:
    """True if at least two values over seeds, in points of 100, are equal for all that is printed of them.

    Student's t would take such a sample for certainty, however few seeds it has, and whatever a rare seed may do.
    """
    return len(x) > 1 and max(x) - min(x) < ALIKE


def over_alike_seeds(x: Sequence[float], level: float, low: float, high: float) -> Interval:
    """Mean of values that are `alike`, and the means that so many equal values leave possible where each lies between `low` and `high`.

    Beyond a bound, so many equal values have a chance below (1 - level) / 2: for five seeds that is half of the way to `low` and `high`.
    """
    values = _finite(x)
    mean, share = float(values.mean()), ((1 - level) / 2) ** (1 / len(values))
    return Interval(mean, low + (mean - low) * share, high - (high - mean) * share)


def p_above(x: Sequence[float], bound: float, low: float = -math.inf) -> float:
    """One-sided p-value of "the mean over seeds is at most `bound`", where no seed's value can lie below `low`.

    By Student's t, which leans on values that are nearly normal. Of values that are `alike` it is a bound for every distribution:
    equal values are likeliest, given such a mean, if all other values lie at `low`; then a share of (bound - low) / (x - low) is as
    observed, and n seeds show nothing else with a chance of that to the power of n. 1 for a single seed, which shows nothing.

    Raises:
        ValueError: if a value is not finite.
    """
    values = _finite(x)
    if len(values) < 2:
        return 1.0
    if not alike(x):
        error = values.std(ddof=1) / len(values) ** 0.5
        return float(stats.t.sf((values.mean() - bound) / error, len(values) - 1))
    least = float(values.min())
    if least <= bound or math.isinf(low):
        return 1.0
    return max(0.0, (bound - low) / (least - low)) ** len(values)


def p_below(x: Sequence[float], bound: float, high: float = math.inf) -> float:
    """One-sided p-value of "the mean over seeds is at least `bound`", where no seed's value can lie above `high`."""
    return p_above([-v for v in x], -bound, -high)


def _finite(x: Sequence[float]) -> Floats:
    """Values over seeds.

    Raises:
        ValueError: if there is none, or one that is not finite.
    """
    values = np.asarray(x, dtype=float)
    if not len(values) or not np.isfinite(values).all():
        raise ValueError(f"estimates over seeds want finite values; found {list(x)}")
    return values


def holm(p: Sequence[float]) -> tuple[float, ...]:
    """p-values adjusted for being many (Holm 1979): the chance of any false rejection stays below the level.

    Raises:
        ValueError: if one is no probability.
    """
    if not all(0 <= each <= 1 for each in p):
        raise ValueError(f"p-values lie between 0 and 1; found {list(p)}")
    order = sorted(range(len(p)), key=lambda i: p[i])
    adjusted, worst = [0.0] * len(p), 0.0
    for rank, i in enumerate(order):
        worst = max(worst, min(1.0, (len(p) - rank) * p[i]))
        adjusted[i] = worst
    return tuple(adjusted)


@dataclass(frozen=True)
class Origins:
    """Whence the newly solved problems came, as shares of them; NaN where there is none."""

    created: float  # hardly in reach of k samples of the base
    elicited: float  # in reach
    undetermined: float
    solved: int  # problems newly solved


def origins(logp_before: Floats, logp_after: Floats, k: int) -> Origins:  # [P], [P]
    """Of the problems that RL brought from p < 1/2 to p >= 1/2: which k samples of the base would have shown, and which not.

    *Created*: p < .05 / k, so that k samples show a solution with a chance below .05. *Elicited*: p >= 1 / k, so that k samples
    show one or more on average.
    """
    newly = (logp_before < math.log(0.5)) & (logp_after >= math.log(0.5))
    p = np.exp(logp_before[newly])
    if not len(p):
        return Origins(math.nan, math.nan, math.nan, 0)
    created, elicited = p < HARDLY / k, p >= 1 / k
    return Origins(float(created.mean()), float(elicited.mean()), float((~created & ~elicited).mean()), len(p))
