"""Findings so far: of a study under way, the claims that whole seeds can answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from analysis.claims.claims import Claim
from analysis.claims.judge import Finding, judge_each
from analysis.measures.facts import Cell, Outcome
from analysis.report.findings import COLUMNS, Column, columns_of, units
from analysis.report.html import tag

EARLY = (
    "These are looks at a study under way, from the seeds in which every cell of the claim is whole. They will change. To stop at a "
    "look that pleases is to find what is not there: the verdict is that of all seeds. Differences are of {}, with intervals over the "
    "seeds so far."
)
LEFT_OUT = ("Holm p", "n", "dropped")  # early looks make p too small


@dataclass(frozen=True)
class SoFar:
    """The findings from the seeds that are ready, and how many of these each claim has."""

    findings: tuple[Finding, ...]
    ready: Mapping[str, int]  # seeds, by the name of the claim
    seeds: int  # that were asked for


def judge_so_far(claims: Sequence[Claim], cells: Sequence[Cell], found: Mapping[Cell, Outcome]) -> SoFar:
    """Judge what can be judged from those of the `cells` whose outcome was `found`."""
    seeds = {c.seed for c in cells}
    waiting = {claim.name: {c.seed for c in cells if c not in found and claim.speaks_of(dict(c.labels))} for claim in claims}
    asked = [(claim, [o for cell, o in found.items() if cell.seed not in waiting[claim.name]]) for claim in claims]
    return SoFar(judge_each(asked), {name: len(seeds) - len(late) for name, late in waiting.items()}, len(seeds))


def verdicts_so_far(found: SoFar) -> Markup:
    """Every tested claim that some seed can answer; the others by name."""
    tested = [f for f in found.findings if f.verdict != "reported"]
    ready = [f for f in tested if found.ready[f.name]]
    waiting = [f.name for f in tested if not found.ready[f.name]]
    columns: dict[str, Column] = {name: column for name, column in COLUMNS.items() if name not in LEFT_OUT}
    columns["seeds so far"] = lambda f: f"{found.ready[f.name]} of {found.seeds}" + (f", {f.dropped} undefined" if f.dropped else "")
    answered = columns_of(ready, columns, EARLY.format(units(ready))) if ready else Markup()
    return answered + (tag("p", f"No seed answers yet: {'; '.join(waiting)}.", kind="soft") if waiting else "")
