"""Planned looks: what they spend, and how seldom they show what is false."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.claims.claims import More, Same
from analysis.claims.judge import p_values
from analysis.claims.looks import Looks
from analysis.measures.estimates import Floats
from analysis.measures.seeds import holm
from tests.test_checked import taken
from tests.test_seeds import each_p

LOOKS = Looks()


# .05 ln(1 + 1.71828 * 5/16) = .05 ln 1.53696 = .021490; at 9 of 16, .05 ln 1.96653 = .033814, which is .012323 more; the rest is .016186.
def test_levels_by_hand() -> None:
    assert [LOOKS.level(n) for n in LOOKS.seeds] == pytest.approx([0.021490, 0.012323, 0.016186], abs=1e-6)
    assert Looks((7,), 0.01).level(7) == pytest.approx(0.01)  # a single look spends all


# More than alpha in sum would show too much, however the looks are planned; less would waste seeds.
@given(st.sets(st.integers(2, 60), min_size=1, max_size=6), st.floats(0.001, 0.5))
def test_levels_sum_to_alpha(seeds: set[int], alpha: float) -> None:
    looks = Looks(tuple(sorted(seeds)), alpha)
    levels = [looks.level(n) for n in looks.seeds]
    assert sum(levels) == pytest.approx(alpha)
    assert min(levels) > 0


# A reading between looks has no level: it must say so, and not pass for a verdict.
def test_looks_in_words() -> None:
    assert LOOKS.describe(5) == "look 1 of 3 (5 of 16 seeds, alpha .021)"
    assert LOOKS.describe(9) == "look 2 of 3 (9 of 16 seeds, alpha .012)"
    assert LOOKS.describe(7) == "exploratory: 7 seeds, and looks are planned at 5, 9, 16"
    assert [LOOKS.number(n) for n in (5, 9, 16, 7, 17)] == [1, 2, 3, None, None]
    with pytest.raises(ValueError, match="no look is planned at 7 seeds, but at 5, 9, 16"):
        LOOKS.level(7)


# Looks out of order would have a negative level, and one at a single seed can show nothing.
def test_looks_take_no_nonsense() -> None:
    assert list(taken((LOOKS,))) == []
    for seeds in ((), (9, 5), (5, 5)):
        with pytest.raises(ValueError, match=r"Looks\.seeds is one or more numbers of seeds, ascending; found"):
            Looks(seeds)
    with pytest.raises(ValueError, match=r"Looks\.seeds is a tuple in which each is at least 2"):
        Looks((1, 5))
    with pytest.raises(ValueError, match=r"Looks\.alpha is above 0"):
        Looks(alpha=0.0)


# p = .01 at the first look is .01 * .05 / .02149 = .023267; a large p later does not take that back. .004 at the second is .016230.
def test_adjusted_by_hand() -> None:
    assert LOOKS.adjusted([0.01]) == LOOKS.adjusted([0.01, 0.9]) == pytest.approx(0.023267, abs=1e-6)
    assert LOOKS.adjusted([0.01, 0.004]) == pytest.approx(0.016230, abs=1e-6)
    assert LOOKS.adjusted([1.0, 0.7]) == 1.0
    for p in ([], [0.1] * 4):
        with pytest.raises(ValueError, match=f"of 1 to 3 looks can be adjusted; found {len(p)}"):
            LOOKS.adjusted(p)


# Were a claim lost that Holm within its look had shown, the better of the two procedures would not be the better.
@given(st.lists(st.lists(st.floats(0, 0.1), min_size=3, max_size=3), min_size=1, max_size=6))
def test_adjusted_shows_all_that_looks_show(p: list[list[float]]) -> None:
    over = holm([LOOKS.adjusted(each) for each in p])
    for look, n in enumerate(LOOKS.seeds):
        within = holm([each[look] for each in p])
        assert all(o < LOOKS.alpha * (1 + 1e-9) for o, w in zip(over, within, strict=True) if w < LOOKS.level(n))


def each_holm(p: Floats) -> Floats:  # [F, C] -> [F, C]
    """`holm` of many families."""
    order = p.argsort(1)
    steps = np.minimum(1, np.take_along_axis(p, order, 1) * np.arange(p.shape[1], 0, -1))
    adjusted = np.empty_like(p)
    np.put_along_axis(adjusted, order, np.maximum.accumulate(steps, 1), 1)
    return adjusted


FAMILIES = 5_000
FAMILY: tuple[tuple[More | Same, float], ...] = (  # with the true mean: no claim is true, and most are as nearly true as can be
    *((More(10), 10.0),) * 3,
    (More(10), 0.0),
    *((Same(10), mean) for mean in (10.0, -10.0)),
    *((Same(5), mean) for mean in (5.0, -5.0)),
)


def false_findings(p: tuple[Floats, Floats], level: float) -> Floats:  # [F, C] twice -> [F]
    """Families in which something false is found, by p-values of "shown" and of "refuted": at a margin, both are false of More."""
    shown, refuted = p
    false = (shown < refuted) | np.array([isinstance(test, More) and mean == test.margin for test, mean in FAMILY])
    return np.asarray(((each_holm(np.minimum(shown, refuted)) < level) & false).any(1))


# Verdicts that are read three times, at .05 each, show something false in one family of ten. By planned looks, it is at most one of twenty,
# whether claims share none of their seeds' noise, or half of its variance.
@pytest.mark.parametrize("shared", [0.0, 4.0])
def test_false_findings_are_rare_over_all_looks(shared: float) -> None:
    g = np.random.default_rng(0)
    noise = shared * g.normal(size=(FAMILIES, 1, LOOKS.seeds[-1])) + 4 * g.normal(size=(FAMILIES, len(FAMILY), LOOKS.seeds[-1]))
    x = noise + np.array([mean for _, mean in FAMILY])[:, None]
    within, over, naive = (np.zeros(FAMILIES, dtype=bool) for _ in range(3))
    least = (np.ones(x.shape[:2]), np.ones(x.shape[:2]))
    for n in LOOKS.seeds:
        pairs = [each_p(test, x[:, i, :n]) for i, (test, _) in enumerate(FAMILY)]
        p = (np.stack([shown for shown, _ in pairs], 1), np.stack([refuted for _, refuted in pairs], 1))
        within |= false_findings(p, LOOKS.level(n))
        naive |= false_findings(p, LOOKS.alpha)
        least = (np.minimum(least[0], p[0] * LOOKS.alpha / LOOKS.level(n)), np.minimum(least[1], p[1] * LOOKS.alpha / LOOKS.level(n)))
        over |= false_findings(least, LOOKS.alpha)
        for f in range(3):  # the fast functions are those of the product
            real = [p_values(test, x[f, i, :n].tolist()) for i, (test, _) in enumerate(FAMILY)]
            assert real == [pytest.approx((shown, refuted)) for shown, refuted in zip(p[0][f], p[1][f], strict=True)]
            assert each_holm(p[0])[f] == pytest.approx(holm(p[0][f].tolist()))
    slack = 2 * math.sqrt(LOOKS.alpha * (1 - LOOKS.alpha) / FAMILIES)
    assert 0.02 < within.mean() <= over.mean() <= LOOKS.alpha + slack
    assert naive.mean() > LOOKS.alpha + slack  # these studies show why looks are planned
