"""The numbers behind each claim: the value of each of its terms in each seed, with links to the cells that it was read from."""

from collections.abc import Sequence

from markupsafe import Markup, escape

from analysis.claims.claims import Claim, Term
from analysis.claims.judge import seed_values
from analysis.design.results import Results
from analysis.figures.conditions import name
from analysis.measures.facts import Outcome
from analysis.report.explore.anchors import here
from analysis.report.explore.cells import places_of
from analysis.report.explore.contents import fold
from analysis.report.findings import amount, interval, number, places
from analysis.report.html import table, tag

CAPTION = (
    "A row a seed. The difference is the sum of the terms, in points of 100; a term is the mean over its cells, and over the places on its "
    "axis that are said beside it. Each value leads to its cell; further cells follow as [2], [3] ..."
)


def numbers(results: Results) -> list[Markup]:
    """A folded table for each claim that these cells can answer, in the order of the study."""
    found = {f.name: f for f in results.findings}
    at, rows = places(results.study.claims, "numbers"), places(results.study.claims)
    parts = []
    for claim in results.study.claims_of(results.cells):
        f = found[claim.name]
        mark = tag("span", f.verdict, kind=f"verdict {f.verdict.split()[0]}")
        title = tag("b", claim.name), here(at[claim.name], claim.name), f" {amount(f)}; {interval(f)}; ", mark
        back = tag("p", claim.statement, " ", tag("a", "Its verdict", href=f"#{rows[claim.name]}"), ".")
        parts.append(fold(Markup().join(map(escape, title)), back, _table(claim, results, at[claim.name]), at=at[claim.name]))
    return parts


def _table(claim: Claim, results: Results, at: str) -> Markup:
    where = places_of(results.cells)
    by_seed: dict[int, list[Outcome]] = {}
    for outcome in results.outcomes:
        by_seed.setdefault(outcome.seed, []).append(outcome)
    differences = seed_values(claim.contrast, results.outcomes)
    head = ("seed", *(_term(weight, term) for weight, term in claim.contrast), "difference")
    rows = []
    for seed, mine in by_seed.items():
        terms = [_value(term, mine, where) for _, term in claim.contrast]
        rows.append((seed, *terms, number(differences[seed])))
    return table(head, rows, head, at=[f"{at}-seed-{seed}" for seed in by_seed])


def _term(weight: float, term: Term) -> str:
    """A term in words, with its sign or weight."""
    times = "+" if weight == 1 else "−" if weight == -1 else f"{weight:+.3g} ×".replace("-", "−")
    cells = name(dict(term.labels), dict(term.labels)) if term.labels else "all cells"
    return f"{times} {term.metric} {term.phase}: {cells}"


def _value(term: Term, outcomes: Sequence[Outcome], where: dict[tuple[tuple[tuple[str, str], ...], int], str]) -> Markup:
    """The value of a term in a seed, with links to its cells."""
    picked = term.pick([o for o in outcomes if o.has(term.labels)])
    value = term.value(outcomes)
    said = "–" if value is None else f"{value:#.4g}"
    links = [
        tag("a", f"[{i + 1}]" if i else said, href=f"#{where[tuple(o.labels.items()), o.seed]}", title=name(o.labels, o.labels))
        for i, o in enumerate(picked)
    ]
    at = sorted({place for o in picked if not o.undefined for place in term.where(o) if place is not None})
    span = "" if not at else f"at {at[0]:g}" if len(at) == 1 else f"at {at[0]:g} to {at[-1]:g}"
    return Markup(" ").join([*links, tag("span", span, kind="soft")] if span else links) or escape(said)
