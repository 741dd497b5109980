"""Power: the chance that n seeds show equivalence, and the smallest effect and margin that they can show.

Values over seeds are assumed normal with standard deviation `sd` (`statistics.stdev` of earlier seeds), and not `alike`, for which
Student's t does not hold. `effect`, `margin` and `sd` have one unit. `alpha` is the level of the verdict: for one claim of a family of
m, alpha / m is on the safe side of Holm. A single seed shows nothing.
"""

import math
from collections.abc import Callable

import numpy as np

TAIL = 9.0  # standard errors, beyond which the normal has less than rounding
NODES = 200  # of the Gauss-Legendre rule


def power_within(margin: float, effect: float, sd: float, n: int, alpha: float = 0.05) -> float:
    """The chance of showing, by two one-sided t tests (TOST), a mean within `margin` of zero, if it is `effect`.

    Exact: both tests reject if the mean is nearer to zero than margin - t s / sqrt(n). Given the mean, that is an upper bound for s,
    which is sd chi / sqrt(n - 1); its chance is integrated over the mean, which is normal.

    Raises:
        ValueError: if `sd`, `n` or `alpha` is no design.
    """
    from scipy import stats

    _check(sd, n, alpha)
    if n < 2:
        return 0.0
    far, true = margin * n**0.5 / sd, abs(effect) * n**0.5 / sd  # in standard errors
    low, high = max(0.0, true - TAIL), min(far, true + TAIL)
    if low >= high:
        return 0.0
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    mean = low + (high - low) * (nodes + 1) / 2  # its magnitude
    enough = stats.chi.cdf((far - mean) * (n - 1) ** 0.5 / stats.t.isf(alpha, n - 1), n - 1)
    density = stats.norm.pdf(mean - true) + stats.norm.pdf(mean + true)
    return float((high - low) / 2 * (weights * enough * density).sum())


def smallest_effect(sd: float, n: int, alpha: float = 0.05, power: float = 0.8) -> float:
    """The distance of the mean from a bound at which a two-sided t test shows it with a chance of `power`; infinite for a single seed.

    Raises:
        ValueError: if `sd`, `n`, `alpha` or `power` is no design.
    """
    from scipy import special, stats

    _check(sd, n, alpha, power)
    return float(special.nctdtrinc(n - 1, 1 - power, stats.t.isf(alpha / 2, n - 1)) * sd / n**0.5) if n > 1 else math.inf


def smallest_margin(sd: float, n: int, alpha: float = 0.05, power: float = 0.8) -> float:
    """The margin at which `power_within` is `power` if there is no effect; infinite for a single seed.

    Raises:
        ValueError: if `sd`, `n`, `alpha` or `power` is no design.
    """
    from scipy import optimize, special, stats

    _check(sd, n, alpha, power)
    if n < 2:
        return math.inf
    errors = special.nctdtrinc(n - 1, (1 - power) / 2, stats.t.isf(alpha, n - 1))  # enough: each one-sided test fails in half of the rest
    return sd * float(optimize.brentq(lambda margin: power_within(margin, 0, 1, n, alpha) - power, 0, 1.01 * errors / n**0.5))


def seeds_needed(enough: Callable[[int], bool], most: int = 1_000) -> int | None:
    """The fewest seeds, of 2 to `most`, that are enough, where more than enough are enough; None, if `most` are not."""
    if not enough(most):
        return None
    low, high = 1, most  # not enough, enough
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _check(sd: float, n: int, alpha: float, power: float = 0.8) -> None:
    if not (0 < sd < math.inf and n >= 1 and 0 < alpha < 0.5 and 0 < power < 1):
        raise ValueError(
            "a design has a standard deviation above 0, at least one seed, a level between 0 and .5 and a power between 0 and 1; "
            f"found sd {sd}, n {n}, alpha {alpha}, power {power}"
        )
