"""The graph of a problem as SVG, in the ink of the page around it."""

from collections.abc import Mapping
from html import escape

from synthtasks.shown.notation import formula
from synthtasks.shown.page import spelled
from synthtasks.shown.posed import Applied, Posed

HEIGHT, PITCH, GAP, MARGIN = 24, 34, 40, 4  # of a box, between rows, between columns, around the picture; units of the picture
LETTER, PADDING, LEAST = 7.4, 16, 44  # width of a letter at most, space beside the words of a box, and its least width
HEAD = 5  # length of an arrow's head
MOST = 60  # boxes of a picture: more are no picture


def places(p: Posed) -> Mapping[str, tuple[int, float]]:
    """The column of each step, its generation, and its row; the middles of all columns are level."""
    import networkx as nx  # here, so that a command which draws no graph starts without it

    columns = list(nx.topological_generations(p.graph))
    most = max(map(len, columns))
    return {name: (i, (most - len(column)) / 2 + j) for i, column in enumerate(columns) for j, name in enumerate(column)}


def picture(p: Posed) -> str:
    """Steps as boxes with their values, left to right; those that the answer needs are tinted, and the answer has a thick edge.

    Empty where there are more than `MOST` steps.
    """
    if len(p.steps) > MOST:
        return ""
    at, needed = places(p), {step.name for step in p.proof}
    labels = {step.name: f"{step.name} = {spelled(p.values[step.name])}" for step in p.steps}
    columns = max(column for column, _ in at.values()) + 1
    widths = [max(LEAST, *(len(labels[n]) * LETTER + PADDING for n, (c, _) in at.items() if c == column), 0) for column in range(columns)]
    left = [MARGIN + sum(widths[:c]) + c * GAP for c in range(columns + 1)]

    def middle(name: str) -> float:
        return MARGIN + HEIGHT / 2 + at[name][1] * PITCH

    def arrow(a: str, b: str) -> str:
        x, y, u, v = left[at[a][0]] + widths[at[a][0]], middle(a), left[at[b][0]] - HEAD, middle(b)
        bend = GAP / 2
        line = f'<path d="M{x:.1f} {y:.1f}C{x + bend:.1f} {y:.1f} {u - bend:.1f} {v:.1f} {u:.1f} {v:.1f}" fill="none"/>'
        return f'{line}<path d="M{u + HEAD:.1f} {v:.1f}l-{HEAD} -3v6z" fill="currentColor" stroke="none"/>'

    def box(step: Applied) -> str:
        x, y, width = left[at[step.name][0]], middle(step.name), widths[at[step.name][0]]
        said = " ".join(formula(step.primitive.symbol, [(spelled(a),) for a in step.arguments]))
        tint, edge = (0.12 if step.name in needed else 0), (2.5 if step.name == p.query else 1)
        dashes = "" if step.name in needed else ' stroke-dasharray="4 3"'
        return (
            f"<g><title>{escape(f'{step.name} = {said}')}</title>"
            f'<rect x="{x:.1f}" y="{y - HEIGHT / 2:.1f}" width="{width:.1f}" height="{HEIGHT}" rx="5" fill="currentColor" '
            f'fill-opacity="{tint}" stroke="currentColor" stroke-width="{edge}"{dashes}/>'
            f'<text x="{x + width / 2:.1f}" y="{y + 4.5:.1f}" text-anchor="middle">{escape(labels[step.name])}</text></g>'
        )

    wide, high = left[-1] - GAP + MARGIN, 2 * MARGIN + HEIGHT + max(row for _, row in at.values()) * PITCH
    return (
        f'<div style="overflow-x:auto"><svg viewBox="0 0 {wide:.0f} {high:.0f}" width="{wide:.0f}" height="{high:.0f}" role="img" '
        'aria-label="Steps, and what uses them">'
        f'<g stroke="currentColor" stroke-opacity=".6" fill-opacity=".6">{"".join(arrow(a, b) for a, b in p.graph.edges)}</g>'
        f'<g font-size="13" font-family="ui-monospace, monospace" fill="currentColor">{"".join(map(box, p.steps))}</g></svg></div>'
    )
