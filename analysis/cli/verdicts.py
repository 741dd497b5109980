"""Verdicts on a terminal."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from analysis.measures.seeds import alike
from analysis.studies.claims import Judgement

COLOURS = {"shown": "green", "shown (no update)": "green", "refuted": "red", "undetermined": "yellow", "reported": "dim"}


def number(x: float | None) -> str:
    """A signed number of points, or a dash for what could not be measured."""
    return "–" if x is None else f"{round(x, 1) + 0.0:+.1f}"  # never -0.0


def verdict_table(judgements: Sequence[Judgement]) -> Table:
    """Each claim with its verdict, difference, interval, margin and number of seeds."""
    table = Table("claim", "verdict", "difference", "interval", "margin", "n", box=None, padding=(0, 2), header_style="dim")
    for j in judgements:
        interval = "one seed: none" if j.n == 1 else f"[{number(j.low)}, {number(j.high)}]" if j.n else "–"
        margin = "" if j.margin is None else f"{j.margin:g}"
        table.add_row(j.name, Text(j.verdict, COLOURS[j.verdict]), number(j.difference), interval, margin, str(j.n))
    table.caption = "points of 100; n counts pretraining seeds; verdicts are adjusted for the number of claims (Holm), intervals are not"
    if same := [j.name for j in judgements if alike(j.values)]:
        table.caption += f"\nall seeds give the same, so that the interval is that of any distribution between 0 and 1: {', '.join(same)}"
    return table
