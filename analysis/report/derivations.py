"""Sampled success beside exact success, where problems may have several derivations, so that what is exact is a lower bound."""

from collections.abc import Iterator

from markupsafe import Markup

from analysis.design.results import Results
from analysis.measures.facts import Outcome
from analysis.measures.sampled import KS
from analysis.report.html import table, tag

PHASES = ("before", "after")
HEAD = ("cell", "seed", "difficulty", "k", *(f"{kind} {phase}" for phase in PHASES for kind in ("exact", "sampled")))


def beside(results: Results) -> tuple[Markup, ...]:
    """A sentence, and pass@k of whole derivations in every cell that was sampled; nothing, where exact success is no bound."""
    if not results.note:
        return ()
    rows = [row for outcome in results.outcomes for k in KS for row in _rows(outcome, k)]
    caption = "pass@k at the first difficulty at the edge: exact, of the reference's derivation; sampled, of any, with 95 % over problems."
    return (tag("p", results.note, kind="note"), *([table(HEAD, rows, HEAD[1:], caption)] if rows else []))


def _rows(outcome: Outcome, k: int) -> Iterator[tuple[object, ...]]:
    cell = " · ".join(value for value in outcome.labels.values() if value != "none")
    for place in outcome.curve("after", f"sampled process@{k}"):
        values = (value for phase in PHASES for value in (_said(outcome, phase, f"pass@{k}", place), _sampled(outcome, phase, k, place)))
        yield cell, outcome.seed, f"{place:g}", k, *values


def _sampled(outcome: Outcome, phase: str, k: int, place: float) -> str:
    mean, low, high = (_said(outcome, phase, f"sampled process@{k}{end}", place) for end in ("", " low", " high"))
    return f"{mean} [{low}, {high}]"


def _said(outcome: Outcome, phase: str, metric: str, place: float) -> str:
    value = outcome.value(phase, metric, place)
    return "–" if value is None else f"{value:.3f}"
