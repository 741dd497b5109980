"""The judge of claims: a pure function of claims and facts."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from statistics import stdev
from typing import Literal

from analysis.claims.claims import Claim, Contrast, More, Reach, Same, Share, reach
from analysis.claims.looks import Looks
from analysis.measures.estimates import Interval
from analysis.measures.facts import Outcome
from analysis.measures.power import power_within, seeds_needed, smallest_effect, smallest_margin
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

ALPHA = 0.05
POWER = 0.8
LOG_P = "log p"  # mean log-probability of the solution, which moves where pass@k does not

Outcomes = Sequence[Outcome]
Verdict = Literal["shown", "shown (no update)", "refuted", "undetermined", "reported"]
Pair = tuple[float, float]  # the p-values of "shown" and of "refuted"
ANY = Reach(-math.inf, math.inf)


@dataclass(frozen=True)
class Finding:
    """A claim with its verdict. Differences are in points of 100, or of a `Share` in % of seeds; the interval is not adjusted for the
    number of claims, nor of looks."""

    name: str
    statement: str
    verdict: Verdict
    difference: float | None
    low: float | None
    high: float | None
    level: float  # of the interval
    test: More | Same | Share | None
    p: float | None  # of the verdict; adjusted for the number of claims (Holm) and for the planned looks
    unit: str
    n: int  # seeds
    dropped: int  # seeds in which a cell is undefined
    values: tuple[float, ...]  # of each seed
    needed: int | None = None  # of what is undetermined: seeds that would decide with a chance of .8, see `seeds_to_decide`
    log_change: float | None = None  # the largest change of any seed in mean log p, nats; None where it was not measured

    @property
    def margin(self) -> float | None:
        return self.test.margin if self.test else None

    @cached_property
    def sign_flip(self) -> float | None:
        """The exact p-value of the claim, not adjusted, that assumes symmetry about the margin in place of normality."""
        if not self.values or isinstance(self.test, Share):
            return None
        if isinstance(self.test, Same):
            return max(sign_flip_above(x, -self.test.margin) for x in (self.values, [-v for v in self.values]))
        return sign_flip_p(self.values, self.margin or 0.0)

    @cached_property
    def sides(self) -> tuple[float, float] | None:
        """The shares of seeds above and below zero."""
        return either_side(self.values) if self.values else None

    @cached_property
    def smallest(self) -> float | None:
        """The smallest effect (of `Same`: the smallest margin) that so many seeds of this spread would have shown with a chance of .8."""
        if self.n < 2 or alike(self.values) or self.test is None or isinstance(self.test, Share):
            return None
        spread = stdev(self.values)
        found = smallest_margin(spread, self.n) if isinstance(self.test, Same) else self.test.margin + smallest_effect(spread, self.n)
        return found if math.isfinite(found) else None

    def record(self) -> dict[str, object]:
        """The finding as JSON."""
        said = {key: value for key, value in asdict(self).items() if key != "test"}
        test = self.test and type(self.test).__name__.lower()
        return said | {"margin": self.margin, "test": test, "sign_flip_p": self.sign_flip, "smallest": self.smallest}


def p_values(test: More | Same | Share, x: Sequence[float], reach: Reach = ANY) -> Pair:
    """The p-values of "shown" and of "refuted": where both can be, two-sided, so that both together keep the level."""
    if isinstance(test, Share):
        happened, bound = test.happened(x), (test.margin or 0.0) / 100
        return min(1.0, 2 * p_share_above(happened, bound)), min(1.0, 2 * p_share_above([not each for each in happened], 1 - bound))
    margin = test.margin
    if isinstance(test, More):
        return min(1.0, 2 * p_above(x, margin, reach.low)), min(1.0, 2 * p_below(x, margin, reach.high))
    inside = max(p_above(x, -margin, reach.low), p_below(x, margin, reach.high))
    return inside, min(1.0, 2 * min(p_above(x, margin, reach.low), p_below(x, -margin, reach.high)))


def seeds_to_decide(claim: Claim, x: Sequence[float]) -> int | None:
    """The fewest seeds that would decide a claim alone (without Holm, at one look) with a chance of .8, if the mean and the spread of these
    values are those of all seeds; of values that are `alike`, and of shares, if all others are as these. None, if a thousand would not."""
    test, n = claim.test, len(x)
    if test is None or n < 2:
        return None
    if alike(x) or isinstance(test, Share):
        each = sorted(x)  # of many seeds, in the same proportions

        def decides(many: int) -> bool:
            return min(p_values(test, [each[i * n // many] for i in range(many)], reach(claim.contrast))) < ALPHA

        return seeds_needed(decides)
    mean, spread = sum(x) / n, stdev(x)
    if isinstance(test, Same) and abs(mean) < test.margin:
        return seeds_needed(lambda many: power_within(test.margin, mean, spread, many) >= POWER)
    apart = abs(mean) - test.margin if isinstance(test, Same) else abs(mean - test.margin)
    return seeds_needed(lambda many: smallest_effect(spread, many, power=POWER) <= apart)


def seed_values(contrast: Contrast, outcomes: Outcomes) -> dict[int, float | None]:
    """The contrast within each seed, in points of 100; None of a seed in which a cell is undefined."""
    result: dict[int, float | None] = {}
    for seed in sorted({o.seed for o in outcomes}):
        mine = [o for o in outcomes if o.seed == seed]
        terms = [(weight, term.value(mine)) for weight, term in contrast]
        result[seed] = None if any(v is None for _, v in terms) else 100 * sum(w * v for w, v in terms if v is not None)
    return result


Test = Callable[[Claim, Mapping[int, float | None]], Pair]
"""The p-values of a claim from its value in each seed."""


def one_look(claim: Claim, values: Mapping[int, float | None]) -> Pair:
    """One reading of all seeds."""
    x = [v for v in values.values() if v is not None]
    return p_values(claim.test, x, reach(claim.contrast)) if x and claim.test else (1.0, 1.0)


def over_looks(looks: Looks, seeds: Sequence[int]) -> Test:
    """A reading at the last of the looks so far, adjusted for their number, if as many seeds were asked for as a look has. At another
    number of seeds the reading is exploratory: it is as if there were no other."""
    if looks.number(len(seeds)) is None:
        return one_look
    passed = [set(seeds[:n]) for n in looks.seeds if n <= len(seeds)]

    def adjusted(claim: Claim, values: Mapping[int, float | None]) -> Pair:
        each = [one_look(claim, {seed: v for seed, v in values.items() if seed in look}) for look in passed]
        shown, refuted = zip(*each, strict=True)
        return looks.adjusted(shown), looks.adjusted(refuted)

    return adjusted


def judge(claims: Sequence[Claim], outcomes: Outcomes, test: Test = one_look) -> tuple[Finding, ...]:
    """The finding on each claim: at level .05, Holm-adjusted over the claims that have a test."""
    return judge_each([(claim, outcomes) for claim in claims], test)


def judge_each(asked: Sequence[tuple[Claim, Outcomes]], test: Test = one_look) -> tuple[Finding, ...]:
    """`judge` where each claim has outcomes of its own: those of seeds for which every cell of the claim exists.

    Raises:
        ValueError: if a claim reads what was not measured, or is not finite; it names the claim.
    """
    values = {c.name: _values(c, outcomes) for c, outcomes in asked}
    both = {c.name: test(c, values[c.name]) for c, _ in asked if c.tested}
    adjusted = dict(zip(both, holm([min(pair) for pair in both.values()]), strict=True))
    return tuple(_finding(c, outcomes, values[c.name], both.get(c.name), adjusted.get(c.name)) for c, outcomes in asked)


def _values(claim: Claim, outcomes: Outcomes) -> dict[int, float | None]:
    try:
        return seed_values(claim.contrast, outcomes)
    except ValueError as reason:
        raise ValueError(f"claim {claim.name!r} cannot be judged: {reason}") from None


def _unmoved(claim: Claim, outcomes: Outcomes) -> bool:
    """True if RL was given problems in every cell that the claim speaks of, and took no step in any."""
    mine = [o for o in outcomes if not o.undefined and claim.speaks_of(o.labels)]
    return all(o.places("learning", "given") and o.value("learning", "updates") == 0 for o in mine)


def _log_change(claim: Claim, outcomes: Outcomes) -> float | None:
    """The largest absolute value of any seed of the claim's contrast in mean log p, in nats; None where that was not measured."""
    if isinstance(claim.test, Share) or not all(term.metric.startswith("pass@") for _, term in claim.contrast):
        return None
    logs = replace(claim, contrast=tuple((w, replace(term, metric=LOG_P, least=None, most=0.0)) for w, term in claim.contrast))
    if not logs.is_measured(outcomes):
        return None
    return max((abs(v) / 100 for v in seed_values(logs.contrast, outcomes).values() if v is not None), default=None)


def _finding(claim: Claim, outcomes: Outcomes, values: Mapping[int, float | None], both: Pair | None, p: float | None) -> Finding:
    x = [v for v in values.values() if v is not None]
    verdict: Verdict = "undetermined"
    level = claim.test.level if claim.test else 0.95
    interval = Interval(math.nan, math.nan, math.nan)
    if x and isinstance(claim.test, Share):
        of = share(claim.test.happened(x), level)
        interval = Interval(100 * of.mean, 100 * of.low, 100 * of.high)
    elif x:
        bounds = reach(claim.contrast)
        interval = over_alike_seeds(x, level, bounds.low, bounds.high) if alike(x) else over_seeds(x, level)
    if not claim.tested:
        verdict = "reported"
    elif (
        x and isinstance(claim.test, Same) and not any(x) and _unmoved(claim, outcomes)
    ):  # the weights did not change: the effect is known, not estimated
        verdict, p, interval = "shown (no update)", None, Interval(0.0, 0.0, 0.0)
    elif both is not None and p is not None and p < ALPHA:
        verdict = "shown" if both[0] < both[1] else "refuted"
    difference, low, high = (v if math.isfinite(v) else None for v in (interval.mean, interval.low, interval.high))
    return Finding(
        claim.name, claim.statement, verdict, difference, low, high, level, claim.test, p,
        "% of seeds" if isinstance(claim.test, Share) else claim.unit,
        len(x), len(values) - len(x), tuple(x), seeds_to_decide(claim, x) if verdict == "undetermined" else None,
        _log_change(claim, outcomes),
    )  # fmt: skip
