"""Learning curves: the notes of runs, whole or under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from analysis.figures.conditions import Labelled
from analysis.figures.curves import Curves
from analysis.measures.facts import Fact

if TYPE_CHECKING:
    from altair.typing import ChartType

METRICS = {"reward": "mean reward", "signal": "share of groups\nwith signal", "pass@1": "pass@1 in training"}


@dataclass(frozen=True)
class LearningCurves:
    """`Curves` by iteration, without intervals."""

    columns: str
    colour: str
    metrics: Mapping[str, str] = field(default_factory=lambda: METRICS)
    phase: str = "learning"
    labels: Labelled = field(default_factory=dict)  # of the cells that are drawn; all, where there are none

    def __call__(self, facts: Sequence[Fact]) -> ChartType | None:
        return Curves(self.metrics, self.columns, self.colour, (self.phase,), "iteration", None, self.labels)(facts)
