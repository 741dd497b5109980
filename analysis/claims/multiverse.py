"""The multiverse: each headline claim under other choices (Steegen et al. 2016, doi:10.1177/1745691616658637)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from analysis.claims.claims import At, Claim, Share, Term
from analysis.claims.judge import Finding, Test, judge, one_look
from analysis.measures.facts import Outcome

KS = (8, 32, 128, 1_024)
WIDTHS = (1, 3)
FACTORS = (0.5, 2.0)


Change = Callable[[Claim], Claim]
"""A choice: it makes another claim of a claim."""


def _terms(claim: Claim, change: Callable[[Term], Term]) -> Claim:
    return replace(claim, contrast=tuple((weight, change(term)) for weight, term in claim.contrast))


def metric(name: str) -> Change:
    """The claim on another metric, in place of exact pass@k."""
    return lambda claim: _terms(claim, lambda term: replace(term, metric=name) if term.metric.startswith("pass@") else term)


def sampled(name: str) -> Change:
    """The claim on a sampled metric, at the first difficulty at the edge, where completions were drawn."""
    return lambda claim: _terms(metric(name)(claim), lambda term: replace(term, where=At("at", 1)) if isinstance(term.where, At) else term)


def width(many: int) -> Change:
    """The claim on the first `many` difficulties of its region."""
    return lambda claim: _terms(
        claim, lambda term: replace(term, where=At(term.where.region, many)) if isinstance(term.where, At) else term
    )


def margin(factor: float) -> Change:
    """The claim with another margin."""

    def changed(claim: Claim) -> Claim:
        if claim.test is None or claim.test.margin is None:
            return claim
        found = factor * claim.test.margin
        return replace(claim, test=replace(claim.test, margin=min(100.0, found) if isinstance(claim.test, Share) else found))

    return changed


UNIVERSES: Mapping[str, Change] = {
    "as registered": lambda claim: claim,
    **{f"pass@{k:,}": metric(f"pass@{k}") for k in KS},
    **{f"margin × {factor:g}": margin(factor) for factor in FACTORS},
    **{f"band of {many}": width(many) for many in WIDTHS},
    "process@8 (sampled)": sampled("sampled process@8"),
    "answer@8 (sampled)": sampled("answer@8"),
}


def multiverse(claims: Sequence[Claim], outcomes: Sequence[Outcome], test: Test = one_look) -> dict[str, dict[str, Finding]]:
    """By universe, the finding on each claim that has a test; claims that a universe cannot read (it was not measured) are left out."""
    found: dict[str, dict[str, Finding]] = {}
    for universe, change in UNIVERSES.items():
        changed = [change(claim) for claim in claims if claim.tested]
        readable = [claim for claim in changed if claim.is_measured(outcomes)]
        found[universe] = {finding.name: finding for finding in judge(readable, outcomes, test)}
    return found
