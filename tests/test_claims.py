"""Estimates, edges and verdicts by numbers worked by hand."""

import itertools
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.claims.claims import At, Claim, Deeper, More, Places, Reach, Same, Share, Term, gain, reach
from analysis.claims.judge import ALPHA, judge, p_values, seed_values, seeds_to_decide
from analysis.measures.edge import Rule
from analysis.measures.estimates import bootstrap, exact_pass_at_k, sampled_pass_at_k
from analysis.measures.facts import UNDEFINED, Fact, Outcome
from analysis.running.engine import Care
from analysis.running.shard import Shard
from tests.test_checked import taken


# pass@k that is not the mean over all subsets of k samples is biased.
@given(st.integers(2, 9).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n // 2))))
def test_sampled_pass_at_k_is_brute_force_over_subsets(ncks: tuple[int, int, int]) -> None:
    n, c, k = ncks
    solved = [True] * c + [False] * (n - c)
    subsets = list(itertools.combinations(solved, k))
    expected = sum(any(s) for s in subsets) / len(subsets)
    assert sampled_pass_at_k(np.array([n]), np.array([c]), k)[0] == pytest.approx(expected)


# A wrong tail would show at k = 10^6, where 1 - (1 - p)^k in floating point loses everything.
def test_exact_pass_at_k_by_hand() -> None:
    p = np.array([0.0, 1e-9, 0.25, 0.5, 1.0])
    with np.errstate(divide="ignore"):
        logp = np.log(p)
    np.testing.assert_allclose(exact_pass_at_k(logp, 1), p, rtol=1e-12)
    np.testing.assert_allclose(exact_pass_at_k(logp, 2), [0, 2e-9, 0.4375, 0.75, 1], rtol=1e-8)
    np.testing.assert_allclose(exact_pass_at_k(logp, 10**6), [0, 9.995e-4, 1, 1, 1], rtol=1e-4)


# Exact and sampled pass@k are estimates of the same thing.
def test_exact_and_sampled_agree() -> None:
    g = np.random.default_rng(0)
    p = g.beta(0.3, 2, size=4_000)
    n = np.full(len(p), 32)
    c = g.binomial(32, p)
    for k in (1, 4, 16):
        exact = exact_pass_at_k(np.log(p), k).mean()
        assert sampled_pass_at_k(n, c, k).mean() == pytest.approx(exact, abs=0.01)


# Fewer than 2k samples give an estimate that is mostly noise; an impossible count is a bug upstream.
def test_sampled_pass_at_k_refuses() -> None:
    with pytest.raises(ValueError, match=r"pass@8 wants at least 16 samples"):
        sampled_pass_at_k(np.array([15]), np.array([3]), 8)
    with pytest.raises(ValueError, match="between 0 and n"):
        sampled_pass_at_k(np.array([4]), np.array([5]), 1)


# NaN sorts anywhere and compares false: one of them made other claims undetermined.
def test_what_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 0; found nan"):
        exact_pass_at_k(np.array([-1.0, math.nan]), 8)
    with pytest.raises(ValueError, match=r"at most 0; found 0\.5"):
        exact_pass_at_k(np.array([0.5]), 8)


# Reseeding the bootstrap would make equal runs differ.
def test_bootstrap_is_named_and_covers() -> None:
    x = np.random.default_rng(1).normal(size=400)
    one, two = bootstrap(x, "a"), bootstrap(x, "a")
    assert one == two != bootstrap(x, "b")
    assert one.mean == pytest.approx(x.mean())
    assert one.high - one.low == pytest.approx(2 * 1.96 * x.std() / 20, rel=0.1)


# The edge rule on its borders: between is used by no cell.
@pytest.mark.parametrize(
    ("one", "many", "region"),
    [
        (0.9, 1.0, "below"),
        (0.899, 1.0, "between"),
        (0.499, 0.8, "at"),
        (0.499, 0.801, "between"),
        (0.5, 0.8, "between"),
        (0.0, 0.05, "at"),
        (0.0, 0.0499, "between"),
        (0.0, 0.005, "beyond"),
        (0.0, 0.0051, "between"),
    ],
)
def test_edge_rule(one: float, many: float, region: str) -> None:
    assert Rule().region(one, many) == region


def row(seed: int, before: float, after: float, updates: int = 5, undefined: str = "", **labels: str) -> Outcome:
    """Two difficulties, 7 and 8, are at the edge; at both the metric is the same. At 10 it is a tenth of it."""

    def fact(phase: str, metric: str, at: float | None, value: float) -> Fact:
        return Fact(tuple(labels.items()), seed, phase, at, metric, value, 0, undefined)

    if undefined:
        return Outcome(labels, seed, (fact("", UNDEFINED, None, math.nan),))
    bands = {"below": [2], "at": [7, 8], "beyond": [12]}
    curves = {"before": before, "after": after}
    facts = [fact("edge", f"{what} {region}", n, 1.0) for region, band in bands.items() for n in band for what in ("band", "region")]
    facts += [fact("edge", "pass@1", n, 0.1) for n in (7, 8, 10)]
    facts += [fact(phase, "pass@128", n, value * share) for phase, value in curves.items() for n, share in ((7, 1), (8, 1), (10, 0.1))]
    facts += [fact("learning", "given", n, 1.0) for n in (7, 8)] + [fact("learning", "updates", None, updates)]
    return Outcome(labels, seed, tuple(facts))


def without(one: Outcome, metric: str) -> Outcome:
    """The same, where a metric was not measured."""
    return Outcome(one.labels, one.seed, tuple(f for f in one.facts if f.metric != metric))


GAIN = gain({"arm": "x"})


def verdict(differences: list[float], test: More | Same | Share, updates: int = 5) -> str:
    rows = [row(i, 0.3, 0.3 + d / 100, updates, arm="x") for i, d in enumerate(differences)]
    return judge([Claim("c", "", GAIN, test)], rows)[0].verdict


# Each verdict where it must fall; the margin, not zero, is what a gain has to exceed.
@pytest.mark.parametrize(
    ("differences", "test", "expected"),
    [
        ([30, 31, 32, 33, 29], More(10), "shown"),
        ([1, 0, 2, 1, 0], More(10), "refuted"),
        ([5, 15, 10, 12, 8], More(10), "undetermined"),
        ([1, 0, -1, 2, 0], Same(5), "shown"),
        ([20, 21, 22, 19, 20], Same(5), "refuted"),
        ([-20, -21, -22, -19, -20], Same(5), "refuted"),
        ([0, 10, -8, 9, -5], Same(5), "undetermined"),
        ([30], More(10), "undetermined"),
    ],
)
def test_verdicts(differences: list[float], test: More | Same, expected: str) -> None:
    assert verdict(differences, test) == expected


# A mean one standard deviation from the margin wants 10 seeds (a one-sample t test at .05, power .8), half of one 34. Equal values within a
# margin of 5 points want 59.
def test_seeds_to_decide_by_hand() -> None:
    ten = [10.0, 20.0, 30.0]  # mean 20, standard deviation 10
    assert seeds_to_decide(Claim("c", "", GAIN, More(10)), ten) == 10
    assert seeds_to_decide(Claim("c", "", GAIN, More(15)), ten) == 34
    assert seeds_to_decide(Claim("c", "", GAIN, More(30)), ten) == 10  # below the margin
    assert seeds_to_decide(Claim("c", "", GAIN, Same(10)), ten) == 10
    assert seeds_to_decide(Claim("c", "", GAIN, Same(5)), [0.0, 0.0]) == 59
    assert seeds_to_decide(Claim("c", "", GAIN, More(20)), ten) is None  # on the margin
    assert seeds_to_decide(Claim("c", "", GAIN, More(10)), [30.0]) is None
    assert verdict(ten, More(10)) == "undetermined"
    rows = [row(i, 0.3, 0.3 + d / 100, 5, arm="x") for i, d in enumerate(ten)]
    assert judge([Claim("c", "", GAIN, More(10))], rows)[0].needed == 10
    assert judge([Claim("c", "", GAIN)], rows)[0].needed is None


# Seven seeds that all gain more than 10 show by 2 / 2^7 = .016 that most seeds do; five leave it open (2 / 2^5). The mean decides nothing.
def test_a_share_counts_seeds() -> None:
    gains = [12, 60, 11, 30, 12, 15, 70]
    assert verdict(gains, Share(10, margin=50)) == "shown"
    assert verdict(gains[:5], Share(10, margin=50)) == "undetermined"
    assert verdict([9, 0, -20, 5, 3, 2, 8], Share(10, margin=50)) == "refuted"
    rows = [row(i, 0.1, 0.1 + g / 100, 5, arm="x") for i, g in enumerate([0, 0, 90, 9, 12])]
    told = judge([Claim("c", "", GAIN, Share(10))], rows)[0]
    assert (told.verdict, told.p, told.unit, told.n) == ("reported", None, "% of seeds", 5)
    assert (told.difference, told.low, told.high) == pytest.approx((40, 5.2745, 85.3367), abs=1e-3)
    claims = [Claim("c", "", GAIN, Share(10)), Claim("d", "", GAIN, More(10))]
    assert judge(claims, rows)[1].p == judge(claims[1:], rows)[0].p  # only what is tested is corrected for


# Where nothing was updated, nothing can have changed: that is known, and no test on zero variance. Where it did change, or where
# RL was given nothing to practise on, it is not so.
def test_no_update_is_its_own_verdict() -> None:
    assert verdict([0, 0, 0], Same(5), updates=0) == "shown (no update)"
    assert verdict([0, 0, 0], Same(5), updates=3) == "undetermined"
    assert verdict([55, 55, 55], Same(5), updates=0) != "shown (no update)"
    assert verdict([55, 54, 56], Same(5), updates=0) == "refuted"
    idle = [without(row(i, 0.2, 0.2, 0, arm="x"), "given") for i in range(3)]
    assert judge([Claim("c", "", GAIN, Same(5))], idle)[0].verdict == "undetermined"


# A claim that reads what was not measured, or NaN, is told by its name, and by where that is.
@pytest.mark.parametrize(
    ("after", "metric", "message"),
    [
        (math.nan, "pass@128", r"claim 'c' cannot be judged: pass@128 after learning is nan in \{'arm': 'x'\} of seed 0, at 7"),
        (math.inf, "pass@128", "pass@128 after learning is inf"),
        (-0.1, "pass@128", "pass@128 is -0.1 in .*this term is of numbers from 0 to 1"),
        (1.2, "pass@128", "pass@128 is 1.2 in .*this term is of numbers from 0 to 1"),
        (0.4, "pass@129", r"claim 'c' cannot be judged: pass@129 after learning was not measured .*; of this phase there are pass@128"),
    ],
)
def test_a_claim_on_nothing_is_refused_by_name(after: float, metric: str, message: str) -> None:
    rows = [row(0, 0.2, after, arm="x"), row(1, 0.2, 0.5, arm="x")]
    with pytest.raises(ValueError, match=message):
        judge([Claim("c", "", gain({"arm": "x"}, metric=metric), More(10))], rows)


# A contrast of two gains moves between -200 and 200, and one of them between -100 and 100; a share of headroom has no lower bound.
def test_the_reach_of_a_contrast() -> None:
    assert reach(GAIN) == Reach(-100, 100)
    assert reach((*GAIN, *gain({"arm": "y"}, sign=-1.0))) == Reach(-200, 200)
    assert reach(gain({"arm": "x"}, metric="headroom pass@1", least=None)[:1]) == Reach(-math.inf, 100)


# Studies in which a claim is false, two thousand of each kind: at most one in twenty may find it. The mean lies on the margin, or beyond.
@pytest.mark.parametrize(
    ("test", "draw"),
    [
        (More(10), lambda g: 10 + 8 * g.normal(size=5)),
        (More(10), lambda g: 10 + 20 * g.uniform(-1, 1, size=9)),
        (Same(5), lambda g: 5 + 2 * g.normal(size=5)),
        (Same(5), lambda g: -5 - 2 * g.normal(size=5)),
        (Same(9), lambda g: np.where(g.random(5) < 0.1, -100.0, 0.0)),  # no change, or a loss of everything
        (Same(9), lambda g: np.where(g.random(10) < 0.1, 100.0, 0.0)),
        (Same(5), lambda g: np.where(g.random(5) < 0.1, -60.0, 0.01 * g.normal(size=5))),
        (More(10), lambda g: np.where(g.random(5) < 0.35, -100.0, 70.0)),
    ],
)
def test_false_findings_are_rare(test: More | Same, draw: Callable[[np.random.Generator], np.ndarray]) -> None:
    g = np.random.default_rng(0)
    studies = 2_000
    false = sum(p_values(test, x.tolist(), Reach(-100, 100))[0] < ALPHA for x in (draw(g) for _ in range(studies)))
    assert false <= studies * ALPHA + 2.6 * math.sqrt(studies * ALPHA * (1 - ALPHA))


# A claim, an edge or a shard that takes a number or a word without meaning is judged by it in silence.
def test_claims_and_edges_take_no_nonsense() -> None:
    claim = Claim("c", "", GAIN, More(0))
    signed = ("Term.least", "Term.most")  # a metric may be of any size
    assert list(taken((At(), Deeper(), Term((("arm", "x"),), least=None, most=None), More(1), Same(1), Care(), Shard()), signed)) == []
    for wrong in (lambda: Same(0), lambda: replace(claim, name=""), lambda: replace(claim, contrast=()), lambda: Rule(reach=math.nan)):
        with pytest.raises(ValueError, match="found"):
            wrong()
    with pytest.raises(ValueError, match="index is at most their count; found 3 of 2"):
        Shard(3, 2)


# What is never found cannot be false: where a claim is true, studies of the usual size find it.
def test_true_findings_are_found() -> None:
    g = np.random.default_rng(0)
    assert np.mean([p_values(More(10), (40 + 8 * g.normal(size=5)).tolist(), Reach(-100, 100))[0] < ALPHA for _ in range(500)]) > 0.95
    assert np.mean([p_values(Same(5), g.normal(size=5).tolist(), Reach(-100, 100))[0] < ALPHA for _ in range(500)]) > 0.95
    assert p_values(Same(5), [0.0] * 59, Reach(-100, 100))[0] < ALPHA  # so many equal values leave no room for a rare loss


# Treating two rewards of one seed as two units would halve the interval for free.
def test_the_seed_is_the_unit() -> None:
    rows = [row(s, 0.2, 0.2 + d, arm="x", reward=r) for s, d in enumerate((0.1, 0.2, 0.3)) for r in ("a", "b")]
    judged = judge([Claim("c", "", GAIN, More(0))], rows)[0]
    assert judged.n == 3
    assert judged.values == pytest.approx((10, 20, 30))
    assert (judged.low, judged.high) == pytest.approx((20 - 24.8414, 20 + 24.8414), rel=1e-4)


# An undefined cell drops its seed, and the drop is counted; nothing is put in its place.
def test_undefined_cells_drop_their_seed() -> None:
    rows = [row(0, 0.2, 0.6, arm="x"), row(1, 0.2, 0.6, arm="x"), row(2, 0, 0, undefined="no such region", arm="x")]
    judged = judge([Claim("c", "", GAIN, More(0))], rows)[0]
    assert (judged.n, judged.dropped) == (2, 1)


# A claim about cells that do not exist is a mistake in the study.
def test_unknown_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="no cell is labelled"):
        seed_values(gain({"arm": "y"}), [row(0, 0.1, 0.2, arm="x")])


# "Deeper" is counted from the deepest difficulty that RL trained on, and is nothing where it was not scored.
def test_where_a_claim_looks() -> None:
    one = row(0, 0.5, 0.9, arm="x")
    assert At()(one) == [7, 8]
    assert At("at", 1)(one) == [7]
    assert Deeper(2)(one) == [10]
    assert Deeper(3)(one) == []
    assert Places()(one) == (None,)
    assert Term((("arm", "x"),), Places(), "updates", "learning", most=None).value([one]) == 5
    assert Term((("arm", "x"),), Deeper(2)).value([one]) == pytest.approx(0.09)
    assert Term((("arm", "x"),), Deeper(2), phase="before").value([one]) == pytest.approx(0.05)


# (present at - present below) - (absent at - absent below), by hand: (40 - 5) - (3 - 1) = 33.
def test_an_interaction_is_a_sum_of_signed_gains() -> None:
    gains = {("p", "at"): 0.40, ("p", "below"): 0.05, ("a", "at"): 0.03, ("a", "below"): 0.01}
    rows = [row(0, 0.1, 0.1 + d, arm=arm, region=region) for (arm, region), d in gains.items()]
    contrast = (
        *gain({"arm": "p", "region": "at"}),
        *gain({"arm": "p", "region": "below"}, sign=-1.0),
        *gain({"arm": "a", "region": "at"}, sign=-1.0),
        *gain({"arm": "a", "region": "below"}),
    )
    assert seed_values(contrast, rows)[0] == pytest.approx(33)


# Many claims tested together: .02 alone would pass, three of them do not.
def test_verdicts_are_adjusted_for_their_number() -> None:
    x = [6.0, 1.0, 4.0, 2.0, 7.0]  # two-sided p = .025 against 0
    rows = [row(i, 0.2, 0.2 + d / 100, arm="x") for i, d in enumerate(x)]
    one = Claim("one", "", GAIN, More(0))
    assert judge([one], rows)[0].verdict == "shown"
    several = [Claim(f"c{i}", "", GAIN, More(0)) for i in range(3)]
    assert {j.verdict for j in judge(several, rows)} == {"undetermined"}


# Two-sided for a gain, one-sided twice for equivalence; mean 2 of (1, 2, 3) has one-sided p = .03709 against 0 (and -2 likewise).
def test_both_tests_by_hand() -> None:
    assert p_values(More(0), [1, 2, 3]) == pytest.approx((0.074180, 1.0), abs=1e-5)
    assert p_values(More(0), [-1, -2, -3]) == pytest.approx((1.0, 0.074180), abs=1e-5)
    assert p_values(Same(4), [1, 2, 3]) == pytest.approx((0.037090, 1.0), abs=1e-5)  # 4 - 2 = 2 below the upper margin
    assert p_values(Same(1), [2, 3, 4])[1] == pytest.approx(2 * 0.037090, abs=1e-5)  # 3 - 1 = 2 above it
