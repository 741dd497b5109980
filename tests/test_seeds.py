"""Statistics over seeds, and their power, by numbers worked by hand and against slow references."""

import itertools
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.claims.claims import More, Same
from analysis.measures.estimates import Floats, Interval
from analysis.measures.power import power_within, smallest_effect, smallest_margin
from analysis.measures.seeds import (
    alike,
    either_side,
    holm,
    over_alike_seeds,
    over_seeds,
    p_above,
    p_below,
    p_share_above,
    share,
    sign_flip_above,
    sign_flip_p,
)


def power_above(effect: float, sd: float, n: int, alpha: float = 0.05) -> float:
    """The chance that a two-sided t test shows a mean that lies `effect` above a bound, by the noncentral t."""
    return float(stats.nct.sf(stats.t.isf(alpha / 2, n - 1), n - 1, effect * n**0.5 / sd))


def each_p_above(x: Floats, bound: float) -> Floats:  # [..., N] -> [...]
    """`p_above` of many samples, none of which is alike."""
    n = x.shape[-1]
    return np.asarray(stats.t.sf((x.mean(-1) - bound) * n**0.5 / x.std(-1, ddof=1), n - 1))


def each_p(test: More | Same, x: Floats) -> tuple[Floats, Floats]:  # [..., N] -> [...], [...]
    """`test.p_values` of many samples: of "shown" and of "refuted"."""
    above, below = (lambda bound: each_p_above(x, bound)), (lambda bound: each_p_above(-x, -bound))
    m = test.margin
    if isinstance(test, More):
        return np.minimum(1, 2 * above(m)), np.minimum(1, 2 * below(m))
    return np.maximum(above(-m), below(m)), np.minimum(1, 2 * np.minimum(above(m), below(-m)))


# Student's t with 2 degrees of freedom: mean 2, standard error 1/sqrt(3), quantile 4.3027 (95 %) or 2.9200 (90 %).
@pytest.mark.parametrize(("level", "quantile"), [(0.95, 4.30265), (0.90, 2.91999)])
def test_interval_over_seeds_by_hand(level: float, quantile: float) -> None:
    interval = over_seeds([1.0, 2.0, 3.0], level)
    half = quantile / math.sqrt(3)
    assert (interval.mean, interval.low, interval.high) == pytest.approx((2.0, 2 - half, 2 + half), rel=1e-5)


# A curve whose seeds are all equal is drawn without a band; scipy's t test warns of such values.
def test_equal_values_have_an_interval_of_no_width() -> None:
    assert over_seeds([0.3] * 4) == Interval(0.3, 0.3, 0.3)
    assert over_seeds([0.3, 0.1 + 0.2]).high == pytest.approx(0.3)


# One seed shows nothing: an interval or a small p-value from it would be invented.
def test_one_seed_has_no_interval() -> None:
    interval = over_seeds([5.0])
    assert interval.mean == 5.0
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)
    assert p_above([5.0], 0) == 1.0


# t = (2 - 0) / (1 / sqrt 3) = 3.4641 on 2 degrees of freedom: one-sided p = .0371; the other side is its complement.
def test_p_values_by_hand() -> None:
    assert p_above([1.0, 2.0, 3.0], 0.0) == pytest.approx(0.037090, abs=1e-5)
    assert p_below([1.0, 2.0, 3.0], 0.0) == pytest.approx(1 - 0.037090, abs=1e-5)


# Five equal values of 2 in [-100, 100]: a mean of 1 makes them likeliest where 101/102 lie at 2 and the rest at -100. The bounds of
# the 90 % interval are where such a sample has a chance of .05: .05^(1/5) = .549 of the way from a bound to the values.
def test_equal_values_by_hand() -> None:
    assert p_above([2.0] * 5, 1.0, -100) == pytest.approx((101 / 102) ** 5)
    assert p_above([2.0, 2.05, 2.0, 2.0, 2.0], 1.0, -100) == pytest.approx((101 / 102) ** 5)  # all that is printed of them is equal
    assert p_above([2.0] * 5, 1.0, low=1.5) == 0.0  # no such mean is possible
    assert p_above([2.0] * 5, 1.0) == 1.0  # any seed may be anywhere
    assert p_above([2.0] * 5, 2.0, -100) == 1.0
    assert p_below([-2.0] * 5, -1.0, 100) == pytest.approx((101 / 102) ** 5)
    interval = over_alike_seeds([2.0] * 5, 0.9, -100, 100)
    share = 0.05**0.2
    assert (interval.mean, interval.low, interval.high) == pytest.approx((2, -100 + 102 * share, 100 - 98 * share))
    assert not alike([2.0])
    assert not alike([2.0, 2.1])


# Clopper and Pearson: none of 5 leaves shares up to 1 - .025^(1/5) = .522, and all of 5 shares from .478. At least 4 of 5 has a chance of
# 6/32 at a share of one half.
def test_shares_of_seeds_by_hand() -> None:
    none, most, every = (share([True] * k + [False] * (5 - k)) for k in (0, 3, 5))
    assert (none.mean, none.low, none.high) == pytest.approx((0, 0, 1 - 0.025**0.2))
    assert (most.mean, most.low, most.high) == pytest.approx((0.6, 0.146633, 0.947255), abs=1e-6)
    assert (every.mean, every.low, every.high) == pytest.approx((1, 0.025**0.2, 1))
    assert p_share_above([True, False, True, True, True], 0.5) == pytest.approx(6 / 32)
    assert p_share_above([], 0.5) == p_share_above([False] * 3, 0.5) == 1.0
    with pytest.raises(ValueError, match="at least one seed"):
        share([])


# NaN sorts anywhere and compares false: one of them made other claims undetermined.
def test_what_is_not_finite_is_refused() -> None:
    for x in ([1.0, math.nan], [1.0, math.inf], []):
        with pytest.raises(ValueError, match="finite values"):
            over_seeds(x)
        with pytest.raises(ValueError, match="finite values"):
            p_above(x, 0.0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([0.01, math.nan])


# Holm 1979: sorted .01, .03, .04 times 3, 2, 1 = .03, .06, .04 -> made monotone .03, .06, .06.
def test_holm_by_hand() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx((0.06, 0.03, 0.06))
    assert holm([0.5, 0.6]) == pytest.approx((1.0, 1.0))


# Of the 8 signings of (1, 2, 3) one sums to 6: p = 1/8, and 1/4 on both sides; about 2 it is (-1, 0, 1), and nothing is odd. Five seeds
# on one side cannot have less than 2/32. Of .1, .2 and -.3, five signings sum to 0 or more, two of them to 0 but for rounding.
def test_sign_flips_by_hand() -> None:
    assert sign_flip_above([1, 2, 3]) == 1 / 8
    assert sign_flip_p([1, 2, 3]) == sign_flip_p([-1, -2, -3]) == 1 / 4
    assert sign_flip_p([1, 2, 3], bound=2) == 1.0
    assert sign_flip_p([30, 31, 32, 33, 29], bound=10) == 2 / 32
    assert sign_flip_above([0.1, 0.2, -0.3]) == 5 / 8
    assert (sign_flip_above([4.0]), sign_flip_p([4.0])) == (0.5, 1.0)
    with pytest.raises(ValueError, match="at most 40 seeds; found 41: use p_above"):
        sign_flip_above([1.0] * 41)


# A p-value that is not the share of all signings is not exact; integers make ties common.
@given(st.lists(st.integers(-4, 6), min_size=1, max_size=9), st.integers(-1, 1))
def test_sign_flips_are_brute_force_over_signs(x: list[int], bound: int) -> None:
    y = [v - bound for v in x]
    sums = [sum(s * v for s, v in zip(signs, y, strict=True)) for signs in itertools.product((-1, 1), repeat=len(y))]
    assert sign_flip_above(x, bound) == sum(s >= sum(y) for s in sums) / len(sums)
    assert sign_flip_p(x, bound) == sum(abs(s) >= abs(sum(y)) for s in sums) / len(sums)


# Sixteen seeds, as at a last look, against scipy's enumeration of all 65,536 signings.
def test_sign_flips_of_many_seeds() -> None:
    x = np.random.default_rng(0).normal(0.4, 1, size=16)
    slow = stats.permutation_test((x,), np.mean, permutation_type="samples", n_resamples=np.inf, vectorized=True)
    assert sign_flip_p(x.tolist()) == pytest.approx(float(slow.pvalue), abs=1e-9)


# A seed that did not move is on neither side.
def test_sides_by_hand() -> None:
    assert either_side([3.0, 0.0, -7.0, 1.0]) == (0.5, 0.25)
    assert either_side([3.0, 10.0, 12.0, 11.0], bound=10) == (0.5, 0.25)
    with pytest.raises(ValueError, match="finite values"):
        either_side([])


# Half a standard deviation, 34 pairs, .05 on two sides: G*Power gives .8078. Without an effect the power is the level of that side. In
# ten thousand seeds t is normal: 0.03 sd are 3 standard errors, and both tests reject if |z| < 3 - 1.645.
def test_power_by_hand() -> None:
    assert power_above(0.5, 1, 34) == pytest.approx(0.8078, abs=1e-4)
    assert power_above(0, 3, 7, alpha=0.01) == pytest.approx(0.005)
    assert power_within(0.03, 0, 1, 10_000) == pytest.approx(2 * stats.norm.cdf(3 - 1.64485) - 1, abs=1e-3)
    assert power_within(100, 90, 1, 5) == pytest.approx(1.0)
    assert power_within(5, 500, 1, 5) == power_within(0, 0, 1, 5) == 0.0
    assert power_within(50, 0, 1, 1) == 0.0  # one seed shows nothing
    assert smallest_effect(1, 1) == smallest_margin(1, 1) == math.inf


# A power that studies do not have plans too few seeds. 20,000 studies each; four standard errors are 1.4 points.
@pytest.mark.parametrize(("n", "sd", "alpha"), [(5, 8.0, 0.05), (9, 8.0, 0.0125), (16, 12.0, 0.05 / 8)])
def test_power_is_that_of_simulated_studies(n: int, sd: float, alpha: float) -> None:
    noise = sd * np.random.default_rng(n).normal(size=(20_000, n))
    effect = smallest_effect(sd, n, alpha)
    shown = each_p(More(10), 10 + effect + noise)[0] < alpha
    assert shown.mean() == pytest.approx(power_above(effect, sd, n, alpha), abs=0.014)
    margin = smallest_margin(sd, n, alpha)
    for true in (0.0, margin / 3, -margin):
        shown = each_p(Same(margin), true + noise)[0] < alpha
        assert shown.mean() == pytest.approx(power_within(margin, true, sd, n, alpha), abs=0.014)


# The smallest effect, or margin, is where the power is as asked; in its own unit.
@pytest.mark.parametrize("n", [2, 3, 5, 16, 40])
@pytest.mark.parametrize("alpha", [0.3, 0.05, 0.005])
@pytest.mark.parametrize("power", [0.5, 0.8, 0.99])
def test_smallest_effects_invert_power(n: int, alpha: float, power: float) -> None:
    assert power_above(smallest_effect(7, n, alpha, power), 7, n, alpha) == pytest.approx(power, abs=1e-4)
    assert power_within(smallest_margin(7, n, alpha, power), 0, 7, n, alpha) == pytest.approx(power, abs=1e-4)


# A design without a spread, a seed or a level has a power of anything.
@pytest.mark.parametrize(
    ("sd", "n", "alpha", "power"),
    [(0, 5, 0.05, 0.8), (math.nan, 5, 0.05, 0.8), (1, 0, 0.05, 0.8), (1, 5, 0, 0.8), (1, 5, 0.5, 0.8), (1, 5, 0.05, 1)],
)
def test_designs_that_are_none_are_refused(sd: float, n: int, alpha: float, power: float) -> None:
    for smallest in (smallest_effect, smallest_margin):
        with pytest.raises(ValueError, match=f"found sd {sd}, n {n}, alpha {alpha}, power {power}"):
            smallest(sd, n, alpha, power)
    if power == 0.8:
        with pytest.raises(ValueError, match="a design has"):
            power_within(1, 1, sd, n, alpha)


# scipy takes most of a second to import; a command that only lists would wait for it.
def test_statistics_are_imported_without_scipy() -> None:
    code = "import sys, analysis.measures.power, analysis.measures.seeds; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
