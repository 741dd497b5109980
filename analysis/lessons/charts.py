"""Figures that several lessons draw."""

from collections.abc import Mapping, Sequence

import altair as alt
import networkx as nx

from synthtasks import Problem
from synthtasks.shown.notation import formula

RIGHT, WRONG, IDLE = "right", "wrong", "not needed"
COLOURS = {RIGHT: "#1b7f5c", WRONG: "#c8321e", IDLE: "#8a8f98", "needed": "#1f5fa8"}
SIZE = 900  # of a step of a graph, in square pixels


def colours(names: Sequence[str]) -> alt.Scale:
    """The colour of each name of `COLOURS`: one meaning for each colour in all lessons."""
    return alt.Scale(domain=list(names), range=[COLOURS[name] for name in names])


def graph(problem: Problem, marks: Mapping[str, str], title: str) -> alt.TopLevelMixin:
    """The graph of a problem: its steps from left to right, coloured by its mark (of `COLOURS`)."""
    columns, rows = list(nx.topological_generations(problem.graph)), dict[str, float]()
    for column in columns:  # a step stands beside those that it uses, so that few lines cross
        column.sort(key=lambda name: (sum(rows[a] for a in used) / len(used) if (used := [*problem.graph.predecessors(name)]) else 0, name))
        rows |= {name: i - (len(column) - 1) / 2 for i, name in enumerate(column)}
    places = {name: (x, rows[name]) for x, column in enumerate(columns) for name in column}
    steps = [
        {"x": x, "y": y, "step": name, "says": said, "mark": marks.get(name, IDLE)}
        for name, (x, y) in places.items()
        for said in (" ".join(formula(problem.by_name[name].primitive.symbol, [(str(a),) for a in problem.by_name[name].arguments])),)
    ]
    arrows = [{"x": places[a][0], "y": places[a][1], "x2": places[b][0], "y2": places[b][1]} for a, b in problem.graph.edges]
    width, height = 110 * len(columns), 80 * max(map(len, columns))
    shown = dict.fromkeys(str(step["mark"]) for step in steps)
    x, y = alt.X("x:Q", axis=None, scale=alt.Scale(padding=30)), alt.Y("y:Q", axis=None, scale=alt.Scale(padding=30))
    lines = alt.Chart(alt.Data(values=arrows)).mark_rule(color="#8a8f98").encode(x, y, x2="x2:Q", y2="y2:Q")
    base = alt.Chart(alt.Data(values=steps)).encode(x, y)
    circles = base.mark_circle(size=SIZE, opacity=1).encode(
        alt.Color("mark:N", scale=colours(list(shown)), title="the step is"),
        tooltip=[alt.Tooltip("says:N", title="step"), alt.Tooltip("mark:N")],
    )
    names = base.mark_text(color="white", fontWeight="bold").encode(alt.Text("step:N"))
    halos = base.mark_text(dy=26, stroke="white", strokeWidth=4).encode(alt.Text("says:N"))
    says = base.mark_text(dy=26).encode(alt.Text("says:N"))
    return alt.layer(lines, circles, names, halos, says).properties(width=width, height=height, title=title)
