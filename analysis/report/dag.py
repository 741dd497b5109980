"""The stages of a study as a graph, upstream to downstream. SVG by hand, whose ink is that of the page around it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

import networkx as nx
from markupsafe import escape

from analysis.figures.draw import FAINT, PALETTE
from analysis.measures.facts import Cell
from analysis.report.titles import titles
from train.stages.stage import Stage, closure

Status = Literal["there", "running", "missing", "failed"]

KINDS = ("fresh", "pretrain", "score", "edge", "practise", "sample")
COLOURS = dict(zip(KINDS, (FAINT, *PALETTE), strict=False))
FAILED = "#d5301a"
GAP, HEIGHT, PITCH = 44, 17, 22  # between columns, of a box, between rows; units of the picture
TEXT, LETTER, MARGIN = 10, 5.8, 14  # size of the letters, how wide one is at most, and the space around its words in a box
HEADROOM = 8  # above the first row, and under the last
LOOKS: dict[Status, str] = {  # of a box; never by colour alone
    "there": 'fill-opacity=".22" stroke-width="1"',
    "running": 'fill-opacity=".22" stroke-width="2.6"',
    "missing": 'fill-opacity="0" stroke-width="1" stroke-dasharray="3 2"',
    "failed": f'fill-opacity="0" stroke-width="2.6" style="stroke:{FAILED}"',
}
SIGNS: dict[Status, str] = {"there": "", "running": "▶ ", "missing": "", "failed": "✗ "}


@dataclass(frozen=True)
class Place:
    """Where the box of a stage lies: its column, and its middle's height in rows."""

    column: int
    row: float

    @property
    def y(self) -> float:
        """Its middle, in units of the picture."""
        return HEADROOM + (self.row + 0.5) * PITCH


def arrows(stages: Sequence[Stage]) -> "nx.DiGraph[Stage]":
    """The graph of stages, from upstream to downstream, without the arrows that follow from others."""
    graph: nx.DiGraph[Stage] = nx.DiGraph()
    graph.add_nodes_from(stages)
    graph.add_edges_from((part, stage) for stage in stages for part in stage.upstream)
    return nx.transitive_reduction(graph)


def places(graph: "nx.DiGraph[Stage]", stages: Sequence[Stage]) -> dict[Stage, Place]:
    """A column for each generation; within it, each stage beside the middle of its downstream stages."""
    order = {stage: i for i, stage in enumerate(stages)}
    columns = [sorted(generation, key=order.__getitem__) for generation in nx.topological_generations(graph)]
    found: dict[Stage, Place] = {}
    for number, column in reversed(list(enumerate(columns))):
        wanted: dict[Stage, float] = {}
        for i, stage in enumerate(column):
            above = [found[s].row for s in graph.successors(stage)]
            wanted[stage] = sum(above) / len(above) if above else float(i + (len(column) if number < len(columns) - 1 else 0))
        ordered = sorted(column, key=lambda s: wanted[s])
        rows = list(accumulate((wanted[s] for s in ordered), lambda last, row: max(row, last + 1)))
        shift = sum(rows[i] - wanted[s] for i, s in enumerate(ordered)) / len(ordered)
        found |= {stage: Place(number, row - shift) for stage, row in zip(ordered, rows, strict=True)}
    top = min(place.row for place in found.values())
    return {stage: Place(place.column, place.row - top) for stage, place in found.items()}


def draw_stages(cells: Sequence[Cell], seed: int, status: Callable[[Stage], Status]) -> str:
    """The distinct stages of a seed, in full.

    Raises:
        ValueError: if no cell has this seed.
    """
    mine = [c for c in cells if c.seed == seed]
    if not mine:
        raise ValueError(f"a picture of stages needs a cell of its seed; none of {len(cells)} cells has seed {seed}")
    stages = closure([s for c in mine for s in c.stages])
    graph, order = arrows(stages), {stage: i for i, stage in enumerate(stages)}
    labels = {stage: SIGNS[status(stage)] + name.split(" seed ")[0] for stage, name in titles(mine).items()}  # of one seed, however shared
    at = places(graph, stages)
    columns = range(max(p.column for p in at.values()) + 1)
    widths = [max(len(labels[s]) * LETTER + MARGIN for s in stages if at[s].column == c) for c in columns]
    left = [2 + sum(widths[:c]) + c * GAP for c in range(len(widths) + 1)]
    height = (max(p.row for p in at.values()) + 1) * PITCH + 2 * HEADROOM

    def arrow(a: Stage, b: Stage) -> str:
        x, y = left[at[a].column] + widths[at[a].column] + 1, at[a].y
        u, v = left[at[b].column] - 1, at[b].y
        return f'<path d="M{x:.1f} {y:.1f}C{x + GAP / 2:.1f} {y:.1f} {u - GAP / 2:.1f} {v:.1f} {u:.1f} {v:.1f}"/>\n'

    def box(stage: Stage) -> str:
        x, y, width = left[at[stage].column], at[stage].y - HEIGHT / 2, widths[at[stage].column]
        colour, look = COLOURS.get(stage.word, FAINT), LOOKS[status(stage)]
        return (
            f"<g><title>{escape(f'{stage}: {status(stage)}')}</title>"
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{HEIGHT}" rx="3" fill="{colour}" stroke="{colour}" {look}/>'
            f'<text x="{x + 5:.1f}" y="{y + 12:.1f}" fill="currentColor">{escape(labels[stage])}</text></g>\n'
        )

    lines = [arrow(a, b) for a, b in sorted(graph.edges, key=lambda edge: (order[edge[0]], order[edge[1]]))]
    return (
        f'<svg viewBox="0 0 {left[-1] - GAP + 2:.0f} {height:.0f}" role="img" aria-label="Stages of a seed, and what stands on what">\n'
        f'<defs><marker id="stages-head" viewBox="0 0 6 6" refX="6" refY="3" markerWidth="5" markerHeight="5" orient="auto">'
        f'<path d="M0 0L6 3L0 6z" fill="{FAINT}"/></marker></defs>\n'
        f'<g fill="none" stroke="{FAINT}" stroke-width=".8" marker-end="url(#stages-head)">\n{"".join(lines)}</g>\n'
        f'<g font-size="{TEXT}" font-family="sans-serif">\n{"".join(map(box, stages))}</g>\n</svg>\n'
    )


def caption(cells: Sequence[Cell], seed: int) -> str:
    """The caption: how much of the study the picture shows, and how to read it."""
    seeds = {c.seed for c in cells}
    whole, one = (len(closure([s for c in cells if c.seed in chosen for s in c.stages])) for chosen in (seeds, {seed}))
    times = f", × {len(seeds)} seeds: {whole:,} stages in all" if len(seeds) > 1 else ""
    return (
        f"The {one:,} distinct stages of seed {seed}{times}. A stage that several cells share is run once, and drawn once. An arrow "
        "leads from a stage to one that is made of it; arrows that follow from others are left out. Colours are kinds of stage."
    )
