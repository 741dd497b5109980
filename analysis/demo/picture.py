"""The last picture of a demo as files: the plot of the facts by altair, over its sentences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

from analysis.demo.lines import Line, lines, stretches
from analysis.design.shown import Facts, Plot

if TYPE_CHECKING:
    import altair as alt

WIDTH, HEIGHT = 640, 340
BELOW, ABOVE = 7, 2.5  # strokes of the first line, which stays visible where another covers it, and of all
WRAPPED = 105  # characters of a sentence in a row
COLOURS = ("#808080", "#0072b2", "#d55e00", "#af5faf", "#008787", "#cc3311")


def picture(plot: Plot, facts: Facts, sentences: Sequence[str]) -> alt.LayerChart | alt.FacetChart:
    """The plot, with its seeds where there are several, and its bands; the sentences stand below its title."""
    import altair as alt

    every = lines(plot, facts)
    names = [line.name for line in every]
    colour = alt.Color("line:N", sort=names, title=None, scale=alt.Scale(domain=names, range=list(COLOURS[: len(names)])))
    shape = alt.Shape("line:N", sort=names, title=None, scale=alt.Scale(domain=names))
    x = alt.X("x:Q", title=plot.x, scale=alt.Scale(nice=False, zero=False), axis=alt.Axis(tickMinStep=1, grid=False))
    y = alt.Y("y:Q", title=plot.y, scale=alt.Scale(domain=[0, plot.top]) if plot.top else alt.Undefined)
    legend = alt.Legend(orient="bottom", columns=3, labelLimit=0, symbolSize=80, symbolOpacity=1)
    bands = [{"band": name, "from": first - 0.5, "to": last + 0.5} for name, (first, last) in stretches(plot, facts).items()]
    shaded = alt.Chart(alt.InlineData(values=bands)).encode(x=alt.X("from:Q", title=plot.x), x2="to:Q")
    layers: list[alt.Chart] = []
    if bands:
        layers += [shaded.mark_rect(opacity=0.08, color="#808080", clip=True)]
        layers += [shaded.mark_text(align="left", fontSize=11, color="#666").encode(alt.Text("band:N"), y=alt.value(-8))]
    seeds = [point for line in every if len(line.seeds) > 1 for point in _seeds(line)]
    if seeds:
        layers += [
            alt.Chart(alt.InlineData(values=seeds))
            .mark_line(strokeOpacity=0.25, strokeWidth=1)
            .encode(x=x, y=y, color=colour, detail="seed:N")
        ]
    means = [{"x": a, "y": b, "line": line.name} for line in every for a, b in line.mean]
    tips = [alt.Tooltip("line:N", title=" "), alt.Tooltip("x:Q", title=plot.x), alt.Tooltip("y:Q", title=plot.y, format=".1f")]
    drawn = alt.Chart(alt.InlineData(values=means)).encode(x=x, y=y, color=colour.legend(legend))
    first = drawn.transform_filter(alt.FieldOneOfPredicate("line", names[:1]))
    layers += [
        first.mark_line(strokeWidth=BELOW),
        drawn.mark_line(strokeWidth=ABOVE),
        drawn.mark_point(filled=True, size=50, opacity=1).encode(shape=shape.legend(legend), tooltip=tips),
    ]
    said = [row for sentence in sentences for row in wrap(sentence, WRAPPED)]
    title = alt.TitleParams(plot.title, subtitle=said, anchor="start", subtitleFontSize=12, subtitleColor="#444", offset=14)
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=title, background="white", padding=16)


def _seeds(line: Line) -> list[dict[str, object]]:
    return [{"x": a, "y": b, "line": line.name, "seed": f"{line.name} {i}"} for i, seed in enumerate(line.seeds) for a, b in seed]


def save(plot: Plot, facts: Facts, sentences: Sequence[str], folder: Path) -> tuple[Path, ...]:
    """Write the picture into a folder: as HTML, with the values of points under the mouse, and as SVG. Both need no network."""
    drawn = picture(plot, facts, sentences)
    html, svg = (folder / name for name in ("demo.html", "demo.svg"))
    drawn.save(str(html), format="html", inline=True)
    drawn.save(str(svg), format="svg")
    return html, svg
