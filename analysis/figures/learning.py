"""Learning curves: what runs noted as they went, whole or under way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from analysis.figures.conditions import Labelled
from analysis.figures.curves import Panels, nothing
from analysis.measures.facts import Fact, chosen

METRICS = {"reward": "mean reward", "signal": "share of groups\nwith signal", "pass@1": "pass@1 in training"}


@dataclass(frozen=True)
class LearningCurves:
    """Metrics by iteration: a row for each, a column for each value of the axis `columns`, a colour for each of `colour`, dashes for the
    rest. The mean over seeds is bold; a run under way is thin."""

    columns: str
    colour: str
    metrics: Mapping[str, str] = field(default_factory=lambda: METRICS)
    phase: str = "learning"
    labels: Labelled = field(default_factory=dict)  # of the cells that are drawn; all, where there are none

    def __call__(self, facts: Sequence[Fact]) -> str:
        cells = tuple(chosen(facts, self.labels))
        return Panels(self, self.metrics, (self.phase,), self.columns, self.colour, "iteration", nothing).draw(cells)
