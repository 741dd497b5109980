"""Statistics over seeds, the unit of replication. Pure functions of numbers, one value a seed.

scipy is imported where it is used: it takes most of a second, and commands that only list start without it.
"""

import math
from collections.abc import Sequence

import numpy as np

from analysis.measures.estimates import Floats, Interval

ALIKE = 0.1  # points of 100: values over seeds that differ by less have no variance from which an error could be estimated
FLIPPED = 40  # seeds, whose 2^40 signs are counted in half a second
TIE = 1e-9  # of the sum of all magnitudes: sums of signed values that differ by less are equal but for rounding


def over_seeds(x: Sequence[float], level: float = 0.95) -> Interval:
    """Mean and t interval. One seed has no interval: its bounds are NaN.

    Raises:
        ValueError: if a value is not finite.
    """
    from scipy import stats

    values = _finite(x)
    mean = float(values.mean())
    if len(values) < 2:
        return Interval(mean, math.nan, math.nan)
    half = float(stats.t.ppf((1 + level) / 2, len(values) - 1) * stats.sem(values))  # ttest_1samp warns of values that are all equal
    return Interval(mean, mean - half, mean + half)


def alike(x: Sequence[float]) -> bool:
    """True if there are at least two values, in points of 100, and they are equal to the precision that is printed.

    Student's t would take such a sample for certainty, however few seeds it has, and whatever a rare seed may do.
    """
    return len(x) > 1 and max(x) - min(x) < ALIKE


def over_alike_seeds(x: Sequence[float], level: float, low: float, high: float) -> Interval:
    """Mean of values that are `alike`, and the means that so many equal values leave possible if every value lies between `low` and `high`.

    If the mean lay beyond a bound, so many equal values would have a chance below (1 - level) / 2: for five seeds and a level of .95
    the bounds are half of the way to `low` and `high`.
    """
    values = _finite(x)
    mean, share = float(values.mean()), ((1 - level) / 2) ** (1 / len(values))
    return Interval(mean, low + (mean - low) * share, high - (high - mean) * share)


def p_above(x: Sequence[float], bound: float, low: float = -math.inf) -> float:
    """One-sided p-value of "the mean over seeds is at most `bound`", where no seed's value can lie below `low`.

    By Student's t, which leans on values that are nearly normal. For values that are `alike` it is a bound for every distribution:
    given such a mean, equal values are likeliest if all other values lie at `low`. Then a share of (bound - low) / (x - low) is as
    observed, and n seeds show nothing else with a chance of that to the power of n. 1 for a single seed, which shows nothing.

    Raises:
        ValueError: if a value is not finite.
    """
    from scipy import stats

    values = _finite(x)
    if len(values) < 2:
        return 1.0
    if not alike(x):
        return float(stats.ttest_1samp(values, bound, alternative="greater").pvalue)
    least = float(values.min())
    if least <= bound or math.isinf(low):
        return 1.0
    return max(0.0, (bound - low) / (least - low)) ** len(values)


def p_below(x: Sequence[float], bound: float, high: float = math.inf) -> float:
    """One-sided p-value of "the mean over seeds is at least `bound`", where no seed's value can lie above `high`."""
    return p_above([-v for v in x], -bound, -high)


def sign_flip_above(x: Sequence[float], bound: float = 0.0) -> float:
    """One-sided p-value of "values lie symmetrically about `bound`, or about less": no normality is assumed.

    Exact: it is the share of all 2^n choices of signs that make the sum of x - `bound` at least as large as it is.

    Raises:
        ValueError: if a value is not finite, or there are too many to count.
    """
    values = _finite(x) - bound
    if len(values) > FLIPPED:
        raise ValueError(f"sign flips are counted for at most {FLIPPED} seeds; found {len(values)}: use p_above, which leans on normality")
    left, right = (_signed_sums(half) for half in np.array_split(values, 2))
    least = values.sum() - TIE * np.abs(values).sum()
    below = np.searchsorted(np.sort(right), least - left)  # for each sum of the left half: so many of the right half are too small
    return float((len(right) - below).sum() / 2.0 ** len(values))


def sign_flip_p(x: Sequence[float], bound: float = 0.0) -> float:
    """Two-sided p-value of "values lie symmetrically about `bound`". No less than 2^(1 - n): .0625 for five seeds.

    Raises:
        ValueError: if a value is not finite, or there are too many to count.
    """
    return min(1.0, 2 * min(sign_flip_above(x, bound), sign_flip_above([-v for v in x], -bound)))


def _signed_sums(values: Floats) -> Floats:  # [N] -> [2^N]
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate((sums - value, sums + value))
    return sums


def either_side(x: Sequence[float], bound: float = 0.0) -> tuple[float, float]:
    """The share of seeds above `bound`, and that below; a seed on the bound counts for neither.

    Raises:
        ValueError: if a value is not finite.
    """
    values = _finite(x)
    return float((values > bound).mean()), float((values < bound).mean())


def share(happened: Sequence[bool], level: float = 0.95) -> Interval:
    """The share of seeds in which something happened, with the exact interval of Clopper and Pearson (1934): seeds are independent, and
    nothing else is assumed. None of 5 seeds leaves shares up to .52.

    Raises:
        ValueError: if there is no seed.
    """
    from scipy import stats

    if not happened:
        raise ValueError("a share of seeds wants at least one seed; found none")
    ends = stats.binomtest(sum(happened), len(happened)).proportion_ci(level, "exact")
    return Interval(sum(happened) / len(happened), float(ends.low), float(ends.high))


def p_share_above(happened: Sequence[bool], bound: float) -> float:
    """One-sided, exact p-value of "it happens in at most a share of `bound` of all seeds"; 1 without seeds."""
    from scipy import stats

    return float(stats.binom.sf(sum(happened) - 1, len(happened), bound)) if happened else 1.0


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
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.maximum.accumulate(np.minimum(1.0, np.arange(len(p), 0, -1) * np.asarray(p, dtype=float)[order]))
    return tuple(map(float, adjusted))
