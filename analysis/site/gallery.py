"""The gallery: every family in every surface that can write it, with a problem, its graph, and how long problems get."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from statistics import mean
from typing import TYPE_CHECKING, cast

from analysis.site.contents import contents
from analysis.site.drawn import drawn, one_line
from synthtasks.commands.catalogue import FAMILIES, SURFACES, Known
from synthtasks.families import Family, at, difficulties, problem
from synthtasks.families.dials import Dialled
from synthtasks.problem import Problem
from synthtasks.shown.page import size
from synthtasks.shown.picture import picture
from synthtasks.surfaces import Surface

if TYPE_CHECKING:
    import altair as alt

EXAMPLE = 6  # steps of the problems that are shown
MOST = 12  # the greatest difficulty that is measured
PROBLEMS = 20  # of each difficulty, whose words are counted
STREAM = "gallery"  # by which the problems are named


def gallery() -> Mapping[str, str]:
    """The pages, by the path of their source."""
    rows = [f"| [`{name}`]({name}.md) | {first(known.family)} | {', '.join(known.surfaces)} |" for name, known in FAMILIES.items()]
    lines = ["# Gallery", "", "Each family with a problem in every surface that can write it.", ""]
    lines += ["| family | what it is | surfaces |", "|---|---|---|", *rows, "", contents((*FAMILIES, "reasoning_gym"))]
    return {"gallery/index.md": "\n".join(lines)} | {f"gallery/{name}.md": page(name, known) for name, known in FAMILIES.items()}


def first(family: Family) -> str:
    """The first line of the docstring of a family."""
    return (inspect.getdoc(type(family)) or "").split("\n\n")[0].replace("\n", " ")


def page(name: str, known: Known) -> str:
    """A family: its dials, one problem in every surface, and the words of its problems by difficulty."""
    family = known.family
    where = f"{type(family).__module__}.{type(family).__name__}"
    lines = [f"# {type(family).__name__}", "", "```{eval-rst}", f".. autoclass:: {where}", "   :no-index:", "```", ""]
    lines += [
        "| dial | values |",
        "|---|---|",
        *(f"| `{d.field}` | {', '.join(map(str, d.values))} |" for d in cast(Dialled, family).dials),
        "",
    ]
    lines += ["Operations: " + ", ".join(f"`{p.name}`" for p in family.primitives) + ".", ""]
    lines += ["## How long problems get", "", drawn(lengths(known), f"Words of problems of {name} by difficulty"), ""]
    means = f"Means over {PROBLEMS} problems of each difficulty."
    lines += [f"{means} `python -m synthtasks stats {name}` measures what every dial moves.", ""]
    example = problem(at(family, EXAMPLE), "train", STREAM, 0)
    caption = "Each step with its value; the answer has a thick edge, and what it does not need a dashed one."
    lines += ["## A problem", "", one_line(picture(example)), "", f"{size(example)}. {caption} Below, the same problem in words.", ""]
    for surface in known.surfaces:
        lines += shown(name, example, surface)
    return "\n".join(lines)


def shown(name: str, example: Problem, surface: str) -> Iterator[str]:
    """A problem in a surface."""
    how: Surface = SURFACES[surface]
    yield from (f"## In {surface}", "", "```text", " ".join(how.prompt(example)), "```", "", "Solution:", "")
    yield from (
        "```text",
        " ".join(how.solution(example)),
        "```",
        "",
        f"`python -m synthtasks show {name} --surface {surface}` shows more.",
        "",
    )


def lengths(known: Known) -> alt.Chart:
    """Words of the prompt and of the solution, by difficulty and surface."""
    import altair as alt

    rows = []
    for steps in difficulties(known.family, MOST):
        drawn_ones = [problem(at(known.family, steps), "train", STREAM, i) for i in range(PROBLEMS)]
        for surface in known.surfaces:
            for part, write in (("prompt", SURFACES[surface].prompt), ("solution", SURFACES[surface].solution)):
                rows.append({"steps": steps, "surface": surface, "part": part, "words": mean(len(write(p)) for p in drawn_ones)})
    colour = alt.Color("surface:N", scale=alt.Scale(scheme="tableau10"), title=None)
    x, y = alt.X("steps:Q", title="difficulty"), alt.Y("words:Q", title="words")
    lines = (
        alt.Chart(alt.InlineData(values=rows)).mark_line(point=True).encode(x=x, y=y, color=colour, column=alt.Column("part:N", title=None))
    )
    sized: alt.Chart = lines.properties(width=260, height=200)
    return sized
