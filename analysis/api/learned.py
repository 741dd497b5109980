"""A policy of a study: which one it is, where it lies, and what was measured of its cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from analysis.measures.facts import Cell, Fact
from analysis.report.html import table, tag
from train.policy import Policy

ROWS = 40  # of scores on the card
EXACT = "pass@"  # beginning of the metrics that are shown


@dataclass(frozen=True, repr=False)
class Learned(Policy):
    """A policy with its labels. A notebook shows its card."""

    cell: Cell = field(kw_only=True)
    stage: str = field(kw_only=True)  # by its name in the cell
    folder: Path = field(kw_only=True)  # of the stage
    facts: tuple[Fact, ...] = field(kw_only=True)  # of the cell

    @staticmethod
    def of(policy: Policy, cell: Cell, stage: str, folder: Path, facts: Sequence[Fact]) -> Learned:
        """A policy that a stage of a cell made; `facts` are those of all cells."""
        mine = tuple(f for f in facts if (f.labels, f.seed) == (cell.labels, cell.seed))
        return Learned(**{f.name: getattr(policy, f.name) for f in fields(policy)}, cell=cell, stage=stage, folder=folder, facts=mine)

    def _repr_html_(self) -> str:
        """The card: labels, size, folder, and the exact scores of the cell by phase."""
        labels = [*dict(self.cell.labels).items(), ("seed", self.cell.seed), ("stage", self.stage), ("lies in", self.folder)]
        head = tag("p", tag("b", repr(self)))
        return str(tag("div", head, table(["", "this policy"], labels), *self._scores()))

    def _scores(self) -> list[object]:
        """The scores as a table with a column for each phase; nothing, if nothing was measured."""
        exact = [f for f in self.facts if f.metric.startswith(EXACT)]
        phases = list(dict.fromkeys(f.phase for f in exact))
        values = {(f.metric, f.at, f.phase): f.value for f in exact}
        places = list(dict.fromkeys((f.metric, f.at) for f in exact))
        rows = [
            [metric, "" if at is None else f"{at:g}", *(_percent(values.get((metric, at, phase))) for phase in phases)]
            for metric, at in places[:ROWS]
        ]
        more = f"; {len(places) - ROWS} more rows are among its facts" if len(places) > ROWS else ""
        caption = f"Exact scores of the cell, in percent, by phase{more}."
        return [table(["metric", "at", *phases], rows, ["at", *phases], caption)] if rows else []


def _percent(value: float | None) -> str:
    return "" if value is None or value != value else f"{100 * value:.1f}"
