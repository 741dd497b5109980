"""The answer of a study that has run: tidy tables, the report, and its policies by their labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import escape

from analysis.api.tables import frame
from analysis.cli.request import Request
from analysis.design.cells import listed, the_one
from analysis.design.results import Results, collect
from analysis.measures.facts import Cell
from analysis.report.card import card

if TYPE_CHECKING:
    from altair.typing import ChartType

    from train.policy import Policy

REPORT = "report.html"


@dataclass(frozen=True, eq=False)
class Answer:
    """Facts, findings and policies of a study that has run. A notebook shows its card."""

    results: Results
    folder: Path  # of the study

    @staticmethod
    def of(request: Request) -> Answer:
        """Measure and judge a request whose stages have all run."""
        return Answer(collect(request.study, request.setting, request.cells(), request.store), request.folder)

    @property
    def facts(self) -> object:
        """Every number that was measured, a row each: the labels of its cell, seed, phase, metric, its place `at` on the metric's axis,
        value, and n. A pandas data frame where pandas is installed, else one of polars, else a list of dictionaries."""
        return frame([{**dict(f.labels), **{k: v for k, v in f.record().items() if k != "labels"}} for f in self.results.facts])

    @property
    def findings(self) -> object:
        """Every claim with its verdict, difference (points of 100), interval, p-values and number of seeds, as a table like `facts`."""
        return frame([{k: v for k, v in f.record().items() if k != "values"} for f in self.results.findings])

    @property
    def figures(self) -> dict[str, ChartType]:
        """The figures of the report by their titles, as charts of Altair, which notebooks show; but for those without anything to draw."""
        drawn = {figure.title: figure.draw(self.results.facts) for figure in self.results.study.figures}
        return {title: chart for title, chart in drawn.items() if chart is not None}

    @property
    def report(self) -> Path:
        """The report, one HTML file."""
        return self.folder / REPORT

    def cell(self, seed: int | None = None, **labels: str) -> Cell:
        """The one cell with these labels.

        Args:
            seed: of the cell; None: the first.
            labels: as many as tell it from the others.

        Raises:
            ValueError: if there is no such cell, or more than one.
        """
        cells = self.results.cells
        every = [listed(cell) for cell in cells]
        return cells[every.index(the_one(every, cells[0].seed if seed is None else seed, labels))]

    def stage(self, name: str = "learn", seed: int | None = None, **labels: str) -> Path:
        """The folder of a stage, by its name in the cell with these labels.

        Raises:
            ValueError: if there is no such cell or stage.
        """
        cell = self.cell(seed, **labels)
        listed(cell).stage(name)
        return self.results.store.get(cell[name])

    def policy(self, stage: str = "learn", seed: int | None = None, **labels: str) -> Policy:
        """The policy that a stage made, by its name in the cell with these labels: after RL, unless said.

        Raises:
            ValueError: if there is no such cell or stage.
            FileNotFoundError: if the stage makes no policy.
            Undefined: if it had nothing to learn from.
        """
        from train.policy import load_policy

        return load_policy(self.stage(stage, seed, **labels))

    def _repr_html_(self) -> str:
        """The card of the study."""
        return f"<h2>{escape(self.results.study.question)}</h2>{card(self.results)}"
