"""Names of stages for people."""

from collections.abc import Sequence

from analysis.figures.conditions import name, varying
from analysis.measures.facts import Cell
from train.stages.stage import Stage, closure


def titles(cells: Sequence[Cell]) -> dict[Stage, str]:
    """A name for each stage: its kind, the labels that all cells which use it share, their seed, and how many they are."""
    users: dict[Stage, list[Cell]] = {}
    for cell in cells:
        for stage in closure(cell.stages):
            users.setdefault(stage, []).append(cell)
    axes = varying([dict(c.labels) for c in cells])

    def title(stage: Stage, mine: Sequence[Cell]) -> str:
        common = set(mine[0].labels).intersection(*(c.labels for c in mine))
        words = name({axis: value for axis, value in mine[0].labels if (axis, value) in common}, axes, " ")
        shared = f" (shared by {len(mine)} cells)" if len(mine) > 1 else ""
        return f"{stage.word} {words}{' ' if words else ''}seed {mine[0].seed}{shared}"

    return {stage: title(stage, mine) for stage, mine in users.items()}
