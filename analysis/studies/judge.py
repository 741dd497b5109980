"""The judge of claims: a pure function of claims and facts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from analysis.measures.estimates import Interval
from analysis.measures.facts import Outcome
from analysis.measures.seeds import alike, holm, over_alike_seeds, over_seeds, p_above, p_below
from analysis.studies.claims import Claim, Contrast, More, Reach, Same, reach

ALPHA = 0.05

Outcomes = Sequence[Outcome]
Verdict = Literal["shown", "shown (no update)", "refuted", "undetermined", "reported"]
ANY = Reach(-math.inf, math.inf)


@dataclass(frozen=True)
class Finding:
    """A claim with its verdict. Differences are in points of 100; the interval is not adjusted for the number of claims."""

    name: str
    statement: str
    verdict: Verdict
    difference: float | None
    low: float | None
    high: float | None
    level: float  # of the interval
    margin: float | None
    p: float | None  # Holm-adjusted, of the verdict
    unit: str
    n: int  # seeds
    dropped: int  # seeds in which a cell is undefined
    values: tuple[float, ...]  # of each seed


def p_values(test: More | Same, x: Sequence[float], reach: Reach = ANY) -> tuple[float, float]:
    """Of "shown" and of "refuted": where both can be, two-sided, so that both together keep the level."""
    margin = test.margin
    if isinstance(test, More):
        return min(1.0, 2 * p_above(x, margin, reach.low)), min(1.0, 2 * p_below(x, margin, reach.high))
    inside = max(p_above(x, -margin, reach.low), p_below(x, margin, reach.high))
    return inside, min(1.0, 2 * min(p_above(x, margin, reach.low), p_below(x, -margin, reach.high)))


def seed_values(contrast: Contrast, outcomes: Outcomes) -> dict[int, float | None]:
    """The contrast within each seed, in points of 100; None of a seed in which a cell is undefined."""
    by_seed: dict[int, list[Outcome]] = {}
    for outcome in outcomes:
        by_seed.setdefault(outcome.seed, []).append(outcome)
    result: dict[int, float | None] = {}
    for seed, mine in sorted(by_seed.items()):
        terms = [(weight, term.value(mine)) for weight, term in contrast]
        result[seed] = None if any(v is None for _, v in terms) else 100 * sum(w * v for w, v in terms if v is not None)
    return result


def judge(claims: Sequence[Claim], outcomes: Outcomes, alpha: float = ALPHA) -> tuple[Finding, ...]:
    """The verdict on each claim: at level `alpha`, Holm-adjusted over the claims that have a test."""
    return judge_each([(claim, outcomes) for claim in claims], alpha)


def judge_each(asked: Sequence[tuple[Claim, Outcomes]], alpha: float = ALPHA) -> tuple[Finding, ...]:
    """The same where each claim has outcomes of its own: those of seeds for which every cell of the claim exists.

    Raises:
        ValueError: if a claim reads what was not measured, or is not finite; it names the claim.
    """
    values = {c.name: _values(c, outcomes) for c, outcomes in asked}
    usable = {name: [v for v in seeds.values() if v is not None] for name, seeds in values.items()}
    both = {c.name: p_values(c.test, x, reach(c.contrast)) for c, _ in asked if c.test is not None and (x := usable[c.name])}
    tested = [c.name for c, _ in asked if c.test is not None]
    adjusted = dict(zip(tested, holm([min(both.get(name, (1.0, 1.0))) for name in tested]), strict=True))
    return tuple(
        _finding(c, usable[c.name], len(values[c.name]) - len(usable[c.name]), both, adjusted, _unmoved(c, outcomes), alpha)
        for c, outcomes in asked
    )


def _values(claim: Claim, outcomes: Outcomes) -> dict[int, float | None]:
    try:
        return seed_values(claim.contrast, outcomes)
    except ValueError as reason:
        raise ValueError(f"claim {claim.name!r} cannot be judged: {reason}") from None


def _unmoved(claim: Claim, outcomes: Outcomes) -> bool:
    """True if RL was given problems in every cell that the claim speaks of, and took no step in any."""
    mine = [o for o in outcomes if not o.undefined and claim.speaks_of(o.labels)]
    return all(o.places("learning", "given") and o.value("learning", "updates") == 0 for o in mine)


def _finding(
    claim: Claim,
    x: list[float],
    dropped: int,
    both: Mapping[str, tuple[float, float]],
    adjusted: Mapping[str, float],
    unmoved: bool,
    alpha: float,
) -> Finding:
    verdict: Verdict = "undetermined"
    level = claim.test.level if claim.test else 0.95
    interval = _interval(x, level, reach(claim.contrast))
    p = adjusted.get(claim.name)
    if claim.test is None:
        verdict = "reported"
    elif x and isinstance(claim.test, Same) and unmoved and not any(x):  # the same weights before and after: known, not estimated
        verdict, p, interval = "shown (no update)", None, Interval(0.0, 0.0, 0.0)
    elif p is not None and p < alpha:
        shown, refuted = both[claim.name]
        verdict = "shown" if shown < refuted else "refuted"
    difference, low, high = (v if math.isfinite(v) else None for v in (interval.mean, interval.low, interval.high))
    margin = claim.test.margin if claim.test else None
    return Finding(claim.name, claim.statement, verdict, difference, low, high, level, margin, p, claim.unit, len(x), dropped, tuple(x))


def _interval(x: Sequence[float], level: float, reach: Reach) -> Interval:
    if not x:
        return Interval(math.nan, math.nan, math.nan)
    return over_alike_seeds(x, level, reach.low, reach.high) if alike(x) else over_seeds(x, level)
