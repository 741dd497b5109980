"""The outcome of a study: facts, findings, and the files that hold them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from analysis.claims.judge import Finding, judge, over_looks
from analysis.design.cells import write_cells
from analysis.design.study import Setting, Study
from analysis.measures.exact import LOWER_BOUND
from analysis.measures.facts import Cell, Fact, Outcome, measured, outcomes
from train.stages.disk import replacing, write_json
from train.stages.store import Store

FACTS, FINDINGS = "facts.jsonl", "findings.json"


@dataclass(frozen=True, eq=False)
class Results:
    """All that a report needs; everything else is in the store."""

    study: Study
    setting: Setting
    cells: tuple[Cell, ...]
    facts: tuple[Fact, ...]
    findings: tuple[Finding, ...]
    store: Store

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The facts of each cell, in the order of the cells."""
        return outcomes(self.facts)

    @cached_property
    def note(self) -> str:
        """One sentence on exact success, where it is a lower bound; "" where it is not."""
        places = sorted({fact.at for fact in self.facts if fact.metric == LOWER_BOUND and fact.at is not None})
        if not places:
            return ""
        where = f"at difficulty {places[0]:g}" if len(places) == 1 else f"at difficulties from {places[0]:g} to {places[-1]:g}"
        return (
            f"Exact pass@k is a lower bound {where}: problems there may have several derivations, of which it counts the reference's; "
            "sampled success, with its interval over problems, counts all."
        )


def collect(study: Study, setting: Setting, cells: Sequence[Cell], store: Store) -> Results:
    """Measure every cell, and judge the claims that the cells can answer."""
    facts = tuple(fact for cell in cells for fact in measured(cell, study.measures, store))
    findings = judge(study.claims_of(cells), outcomes(facts), over_looks(study.looks, setting.seeds))
    return Results(study, setting, tuple(cells), facts, findings, store)


def write_results(results: Results, out: Path) -> None:
    """Write `cells.jsonl`, `facts.jsonl`, a line a fact, and `findings.json`, an object a claim."""
    write_cells(results.cells, out)
    with replacing(out / FACTS) as file:
        file.write("".join(json.dumps(fact.record(), allow_nan=False) + "\n" for fact in results.facts).encode())
    write_json(out / FINDINGS, [finding.record() for finding in results.findings])
