"""Which cells are drawn together, and what is averaged over their seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.measures.estimates import Floats
from analysis.measures.scores import read_scores
from analysis.measures.seeds import over_seeds
from analysis.studies.claims import Row
from analysis.studies.results import Results
from analysis.studies.study import Cell

PANEL = ("primitive", "region")  # the labels that choose a panel; the others choose a line in it


@dataclass(frozen=True)
class Condition:
    """The cells that differ in nothing but their seed, with their rows."""

    labels: dict[str, str]
    pairs: tuple[tuple[Cell, Row], ...]

    @property
    def defined(self) -> tuple[tuple[Cell, Row], ...]:
        return tuple((c, r) for c, r in self.pairs if not r.undefined)

    @property
    def name(self) -> str:
        """The labels, less those that say nothing."""
        return " · ".join(dict.fromkeys(v for v in self.labels.values() if v != "none"))

    @property
    def line(self) -> str:
        """What tells it from the others of its panel."""
        return " · ".join(v for k, v in self.labels.items() if k not in PANEL and v != "none")

    @property
    def control(self) -> bool:
        return self.labels.get("control", "none") != "none"


def base_name(cell: Cell) -> str:
    """What the cell's RL began from."""
    primitive = dict(cell.labels).get("primitive", "")
    return f"base, primitive {primitive}" if primitive else "base"


def conditions(results: Results) -> tuple[Condition, ...]:
    """Every condition, in the order of the study: the factorial before the controls."""
    found: dict[tuple[tuple[str, str], ...], list[tuple[Cell, Row]]] = {}
    for cell, row in zip(results.cells, results.rows, strict=True):
        found.setdefault(cell.labels, []).append((cell, row))
    return tuple(Condition(dict(labels), tuple(pairs)) for labels, pairs in found.items())


def factorial(results: Results) -> tuple[Condition, ...]:
    """The conditions in which RL was run, less the controls."""
    return tuple(c for c in conditions(results) if not c.control and c.pairs[0][0].learn is not None)


def values(chosen: Sequence[Condition], label: str) -> tuple[str, ...]:
    """The values of a label in the order in which they occur; a blank where nothing has it."""
    return tuple(dict.fromkeys(c.labels.get(label, "") for c in chosen))


def lines(chosen: Sequence[Condition]) -> tuple[str, ...]:
    """The lines that a panel can have."""
    return tuple(dict.fromkeys(c.line for c in chosen))


@dataclass(frozen=True, eq=False)
class AtEdge:
    """Log-probabilities of the solutions of the problems at a seed's edge. [N], over its difficulties."""

    before: Floats
    after: Floats
    floor: Floats  # of who guesses the results of the withheld primitives


def at_edge(condition: Condition, results: Results) -> tuple[AtEdge, ...]:
    """One of each seed in which the condition is defined and the edge was found."""
    found = []
    for cell, row in condition.defined:
        if row.bands["at"]:
            before, after = read_scores(cell.before, results.store), read_scores(cell.after, results.store)
            at = [before.at(n) for n in row.bands["at"]]
            floor = before.floor(results.setting.withhold)
            found.append(AtEdge(*(logp[at].ravel() for logp in (before.plain, after.plain, floor))))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Band:
    """A curve over seeds with its interval; no bounds for a single seed."""

    mean: Floats
    low: Floats
    high: Floats


def over_curves(curves: Sequence[Floats]) -> Band:  # [X] of each seed
    """Mean and 95 % t interval of each point over seeds."""
    points = [over_seeds(column) for column in np.stack(curves).T.tolist()]
    return Band(*(np.array([getattr(p, what) for p in points]) for what in ("mean", "low", "high")))


def smooth(x: Floats, width: int) -> Floats:
    """The mean of the `width` points around each point, of fewer at the ends."""
    ones, kernel = np.ones(len(x)), np.ones(min(width, len(x)))
    return np.asarray(np.convolve(x, kernel, "same") / np.convolve(ones, kernel, "same"))
