"""The outcome of a study: rows, verdicts, and the files that hold them."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from analysis.studies.claims import Judgement, Row, judge
from analysis.studies.study import Cell, Setting, Study, measure
from train.stages.disk import replacing, write_json
from train.stages.store import Store


@dataclass(frozen=True)
class Results:
    """All that a report needs; everything else is in the store."""

    study: Study
    setting: Setting
    cells: tuple[Cell, ...]
    rows: tuple[Row, ...]  # one of each cell
    judgements: tuple[Judgement, ...]
    store: Store


def collect(study: Study, setting: Setting, cells: Sequence[Cell], store: Store) -> Results:
    """Measure every cell, and judge the claims that the cells can answer."""
    rows = tuple(measure(cell, store) for cell in cells)
    return Results(study, setting, tuple(cells), rows, judge(study.claims_of(cells), rows), store)


def write_results(results: Results, out: Path) -> None:
    """Write `rows.jsonl`, a line of each cell, and `verdicts.json`, an object of each claim."""
    with replacing(out / "rows.jsonl") as file:
        file.write("".join(json.dumps(_finite(asdict(row)), allow_nan=False) + "\n" for row in results.rows).encode())
    write_json(out / "verdicts.json", [_finite(asdict(j)) for j in results.judgements])


def _finite(value: object) -> object:
    """JSON has no NaN: what was not measured is null."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and math.isnan(value) else value
