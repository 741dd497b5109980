"""What a study has found so far: the rows of cells that are whole, and the claims of which whole seeds can answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from analysis.report.findings import HEAD, NUMBERS, verdict_row
from analysis.report.html import table, tag
from analysis.studies.claims import Claim, Judgement, Row, judge_each
from analysis.studies.study import Cell

EARLY = (
    "These are looks at a study under way, from the seeds of which every cell that a claim speaks of is there. They will change. Who "
    "looks early, and stops when it pleases, finds what is not there: the verdict is that of all seeds. Differences are of exact "
    "pass@128, in points of 100, with t intervals over the seeds so far."
)


@dataclass(frozen=True)
class SoFar:
    """The judgements from the seeds that are ready, and how many of these each claim has."""

    judgements: tuple[Judgement, ...]
    ready: dict[str, int]  # seeds, by the name of the claim
    seeds: int  # that were asked for


def judge_so_far(claims: Sequence[Claim], cells: Sequence[Cell], rows: dict[Cell, Row]) -> SoFar:
    """Judge what can be judged by the `rows` of those of the `cells` that have been measured."""
    seeds = sorted({c.seed for c in cells})
    asked: list[tuple[Claim, Sequence[Row]]] = []
    ready = {}
    for claim in claims:
        spoken = [c for c in cells if any(dict(term.labels).items() <= dict(c.labels).items() for _, term in claim.contrast)]
        whole = [seed for seed in seeds if all(c in rows for c in spoken if c.seed == seed)]
        ready[claim.name] = len(whole)
        asked.append((claim, [row for cell, row in rows.items() if cell.seed in whole]))
    return SoFar(judge_each(asked), ready, len(seeds))


HEAD_SO_FAR = (*HEAD[:-3], "seeds so far")  # without p, which early looks make too small
NUMBERS_SO_FAR = tuple(name for name in HEAD_SO_FAR if name in NUMBERS or name == "seeds so far")


def verdicts_so_far(claims: Sequence[Claim], found: SoFar) -> Markup:
    """Every tested claim that some seed can answer; the others by name."""
    tested = [j for j in found.judgements if j.verdict != "reported"]
    rows = [(*verdict_row(claims, j)[:-3], _seeds(j, found)) for j in tested if found.ready[j.name]]
    waiting = [j.name for j in tested if not found.ready[j.name]]
    answered = table(HEAD_SO_FAR, rows, NUMBERS_SO_FAR, EARLY) if rows else Markup()
    return answered + (tag("p", f"No seed answers yet: {'; '.join(waiting)}.", kind="soft") if waiting else "")


def _seeds(j: Judgement, found: SoFar) -> str:
    return f"{found.ready[j.name]} of {found.seeds}" + (f", {j.dropped} undefined" if j.dropped else "")
