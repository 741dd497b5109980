"""Sampled success beside exact success, where problems may have several derivations, so that exact success is a lower bound."""

from markupsafe import Markup

from analysis.design.results import Results
from analysis.figures.conditions import name
from analysis.measures.facts import Outcome
from analysis.measures.sampled import KS
from analysis.report.html import table, tag

PHASES = ("before", "after")
KINDS = {"pass": "exact", "sampled process": "sampled"}
HEAD = ("cell", "seed", "difficulty", "k", *(f"{kind} {phase}" for phase in PHASES for kind in KINDS.values()))


def beside(results: Results) -> tuple[Markup, ...]:
    """A sentence, and pass@k of whole derivations in every cell that was sampled; nothing, where exact success is no bound."""
    if not results.note:
        return ()
    rows = [
        (name(o.labels, o.labels), o.seed, f"{place:g}", k, *(_said(o, f"{kind}@{k}", phase, place) for phase in PHASES for kind in KINDS))
        for o in results.outcomes
        for k in KS
        for place in o.curve("after", f"sampled process@{k}")
    ]
    caption = "pass@k at the first difficulty at the edge: exact, of the reference's derivation; sampled, of any, with 95 % over problems."
    return (tag("p", results.note, kind="note"), *([table(HEAD, rows, HEAD[1:], caption)] if rows else []))


def _said(outcome: Outcome, metric: str, phase: str, place: float) -> str:
    """The value, with its interval where it was sampled."""
    values = [outcome.value(phase, f"{metric}{end}", place) for end in ("", " low", " high")]
    mean, low, high = ("–" if value is None else f"{value:.3f}" for value in values)
    return f"{mean} [{low}, {high}]" if metric.startswith("sampled") else mean
