"""The cells of a study in its folder, `cells.jsonl`: which labels each stage has, and which stage has given labels."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from analysis.measures.facts import Cell
from train.stages.disk import replacing
from train.stages.reading import a_count, a_text, an_object, parse, reading

CELLS = "cells.jsonl"


@dataclass(frozen=True)
class Listed:
    """A cell, with the names of its stages' folders."""

    labels: Mapping[str, str]
    seed: int
    stages: Mapping[str, str]  # by their names in the cell

    def stage(self, name: str) -> str:
        """The folder of the stage of this name.

        Raises:
            ValueError: if the cell has no such stage.
        """
        if name not in self.stages:
            raise ValueError(f"the cell has no stage {name!r}; it has {', '.join(self.stages)}")
        return self.stages[name]


def listed(cell: Cell) -> Listed:
    """A cell as it is listed."""
    return Listed(dict(cell.labels), cell.seed, {name: str(stage) for name, stage in cell.named})


def write_cells(cells: Sequence[Cell], folder: Path) -> None:
    """Write the list of a study's cells into its folder, a line each."""
    with replacing(folder / CELLS) as file:
        file.write("".join(json.dumps(asdict(listed(cell))) + "\n" for cell in cells).encode())


def read_cells(folder: Path) -> tuple[Listed, ...]:
    """The cells of the study in a folder.

    Raises:
        Malformed: if their list is missing, or cannot be read.
    """
    with reading(file := folder / CELLS, "`run` or `report` of the study writes it anew"):
        return tuple(_read(an_object(parse(line))) for line in file.read_bytes().splitlines())


def _read(found: Mapping[str, object]) -> Listed:
    labels, stages = ({key: a_text(value) for key, value in an_object(found[name]).items()} for name in ("labels", "stages"))
    return Listed(labels, a_count(found["seed"]), stages)


def the_one(cells: Sequence[Listed], seed: int, labels: Mapping[str, str]) -> Listed:
    """The one cell of this seed that has these labels.

    Raises:
        ValueError: if there is none, or more than one.
    """
    found = [c for c in cells if c.seed == seed and labels.items() <= c.labels.items()]
    if len(found) == 1:
        return found[0]
    mine = found or cells
    axes = {axis: list(dict.fromkeys(c.labels[axis] for c in mine if axis in c.labels)) for c in mine for axis in c.labels}
    apart = "; ".join(f"{axis}={'|'.join(values)}" for axis, values in axes.items() if len(values) > 1 or not found)
    if found:
        raise ValueError(f"{len(found)} cells of seed {seed} have the labels {dict(labels)}; say which: {apart}")
    seeds = ", ".join(map(str, sorted({c.seed for c in cells})))
    raise ValueError(f"no cell of seed {seed} has the labels {dict(labels)}; there are seeds {seeds}, and {apart}")
