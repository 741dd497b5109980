"""The style of figures: what a colour and a dash mean on every page, and the parts of which charts are made.

Altair is imported where something is drawn: a study is named without it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import altair as alt
    from altair.typing import ChartType

Value: TypeAlias = "str | int | float | tuple[str | int | float | None, ...] | None"
Record: TypeAlias = dict[str, Value]
Dash: TypeAlias = tuple[float, ...]  # lengths of strokes and gaps, pixels; empty for a whole line

INK, FAINT, PAPER = "#1b1c1e", "#6a6d72", "#ffffff"
PALETTE = ("#3c61d7", "#bf7d00", "#7c3a6c", "#0a92cb", "#2d0dae", "#6d5905", "#a8606e", "#4e3004")  # of conditions: no other colour
MORE = (INK, FAINT)  # of conditions, where a page has used the palette up
POINTS = "points of 100"
REGION_COLOURS = {"below": "#748aa0", "at": "#50687f", "beyond": "#26394d"}  # harder is darker
ORIGIN_COLOURS = ("#4f918b", "#85898f", "#0b4f4a")  # elicited, undetermined, created
SHOWN, REFUTED, OPEN = "#00734f", "#b84300", "#5d6066"  # those of the page
VERDICT_COLOURS = {
    **dict.fromkeys(("shown", "shown (no update)"), SHOWN),
    "refuted": REFUTED,
    **dict.fromkeys(("undetermined", "reported"), OPEN),
}
WHITE = "#fffffe"  # on dark pages, too, where `PAPER` is black
LOSS_TO_GAIN = ("#8c1127", "#d6604d", "#f4a582", WHITE, "#92c5de", "#4393c3", "#08437e")  # white is zero
DARK = {  # what stands for a colour on a dark page
    **dict(zip(PALETTE, ("#48b4ff", "#f8a602", "#cf70b0", "#8cf5f8", "#8f74ff", "#eef288", "#e8a0aa", "#c27428"), strict=True)),
    INK: "#e8e9eb", FAINT: "#a3a7ad", PAPER: "#16181b", SHOWN: "#4fc79c", REFUTED: "#ff9a5c", OPEN: "#b0b4ba",
    **dict(zip(REGION_COLOURS.values(), ("#6f859b", "#9ab0c6", "#d3e0ec"), strict=True)),
    **dict(zip(ORIGIN_COLOURS, ("#3f8f88", "#7f848b", "#9ff0e6"), strict=True)),
}  # fmt: skip

WHOLE: Dash = ()
PHASE_DASHES: Mapping[str, Dash] = {"after": WHOLE, "before": (4, 3), "floor": (1.5, 2.5)}  # of no other phase, and of no condition
DASHES: tuple[Dash, ...] = (WHOLE, (10, 3), (10, 3, 2, 3), (7, 2, 2, 2, 2, 2), (16, 4), (3, 2, 12, 2))  # of conditions
SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "triangle-left", "triangle-right")

WIDTH = 1000  # pixels of a figure with its labels: as wide as the column of text of a large screen
BESIDE, ASIDE = 50, 24  # of them, left of each panel, and for the title of the first
ALL, NONE = "all", "none"  # seeds that are drawn one by one
HOVER = "hover"  # begins the name of what reacts to the pointer, and cannot be seen
INTERVAL = 0.16  # opacity of an interval

CONFIG: Mapping[str, object] = {
    "font": "system-ui, sans-serif",
    "background": PAPER,
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelColor": INK, "titleColor": INK, "domainColor": FAINT,
        "tickColor": FAINT, "gridColor": INK, "gridOpacity": 0.13, "labelLimit": 360, "titleLimit": 360, "titlePadding": 6,
    },
    "legend": {
        "orient": "bottom", "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelColor": INK, "titleColor": INK,
        "labelLimit": 640, "titleLimit": 640,
        "symbolStrokeWidth": 2, "columnPadding": 18, "rowPadding": 4, "offset": 12, "gradientLength": 320,
    },
    "title": {"fontSize": 13, "fontWeight": 600, "color": INK, "offset": 8, "subtitleColor": INK, "subtitleFontSize": 12},
    "text": {"fontSize": 12, "color": INK},
    "concat": {"spacing": 16},
}  # fmt: skip


@dataclass(frozen=True)
class Look:
    """The colour and dash of a line, and its label in the legend."""

    label: str
    colour: str
    dash: Dash = WHOLE


def short(value: float) -> float | None:
    """A number to five digits, which is more than a picture shows; None, which JSON has, for what is not finite."""
    return float(f"{value:.5g}") if math.isfinite(value) else None


def shorts(values: Iterable[float]) -> tuple[float | None, ...]:
    """Numbers, each `short`."""
    return tuple(short(float(value)) for value in values)


def told(labels: Mapping[str, str]) -> str:
    """The labels of a cell, for a reader who points at it."""
    return " · ".join(f"{axis} {value}" for axis, value in labels.items()) or "all"


def colour(place: int) -> str:
    """The colour of a condition by its place among those of a page."""
    every = (*PALETTE, *MORE)
    return every[place % len(every)]


def data(records: Iterable[Record]) -> alt.InlineData:
    """Rows of a chart, as tuples, which Altair neither copies nor validates one by one: there are thousands."""
    import altair as alt

    made = alt.InlineData(values=[])
    made.values = tuple(records)
    return made


def tints(every: Sequence[Look], legend: alt.Legend | None = None, field: str = "line") -> alt.Color:
    """The colours of lines, by their labels."""
    import altair as alt

    scale = alt.Scale(domain=[look.label for look in every], range=[look.colour for look in every])
    return alt.Color(field, type="nominal", scale=scale, legend=legend)


def dashes(every: Sequence[Look], legend: alt.Legend | None = None, field: str = "line") -> alt.StrokeDash:
    """The dashes of lines, by their labels."""
    import altair as alt

    scale = alt.Scale(domain=[look.label for look in every], range=[list(look.dash) for look in every])
    return alt.StrokeDash(field, type="nominal", scale=scale, legend=legend)


def listed(labels: Sequence[str], symbol: str = "stroke") -> alt.Legend | None:
    """A legend of these labels; none for a single line without one."""
    import altair as alt

    size = 400 if symbol == "stroke" else 90
    return alt.Legend(title=None, symbolType=symbol, symbolSize=size, columns=across(labels)) if any(labels) else None


def across(labels: Sequence[str]) -> int:
    """The number of labels beside each other in a legend."""
    return max(1, min(len(labels), WIDTH // (60 + 7 * max(map(len, labels)))))


def hint(field: str, title: str, form: str = "") -> alt.Tooltip:
    """A value that is shown where the pointer is; numbers in a form as ".3f"."""
    import altair as alt

    return alt.Tooltip(field, type="quantitative", title=title, format=form) if form else alt.Tooltip(field, type="nominal", title=title)


def wide(columns: int) -> int:
    """The width of each of so many panels beside each other."""
    return (WIDTH - ASIDE - BESIDE * columns) // columns


def kept(param: str) -> alt.ParameterPredicate:
    """True of the rows that a selection has."""
    import altair as alt

    return alt.ParameterPredicate(param=param)


def one_by_one() -> str:
    """An expression: true of the seeds that are to be drawn one by one."""
    return f"seeds == '{ALL}' || seeds == datum.seed"


def legend_switch(labels: Sequence[str], views: Sequence[str], field: str = "line") -> alt.TopLevelSelectionParameter:
    """The labels whose marks are shown: a click in the legend takes one away, or brings it back."""
    import altair as alt

    select = alt.PointSelectionConfig(type="point", fields=[field], toggle="true")
    return alt.TopLevelSelectionParameter(
        name="on", select=select, bind="legend", value=[{field: each} for each in labels], views=list(views)
    )


def zoom(views: Sequence[str], axes: Sequence[Literal["x", "y"]] = ("x",), name: str = "zoom") -> alt.TopLevelSelectionParameter:
    """Panels that are moved by dragging, and enlarged by the wheel with the shift key: without it, the wheel moves the page."""
    import altair as alt

    shifted = "wheel![event.shiftKey || event.ctrlKey]"
    select = alt.IntervalSelectionConfig(type="interval", encodings=list(axes), zoom=shifted)
    return alt.TopLevelSelectionParameter(name=name, select=select, bind="scales", views=list(views))


def seeds_switch(seeds: Iterable[int], shown: str = NONE) -> alt.VariableParameter:
    """The seeds that are drawn one by one."""
    import altair as alt

    options = [NONE, ALL, *(str(seed) for seed in sorted(set(seeds)))]
    bind = alt.BindRadioSelect(input="select", options=options, name="single seeds")
    return alt.VariableParameter(name="seeds", value=shown, bind=bind)


def finished(chart: ChartType, description: str, params: Sequence[object] = ()) -> ChartType:
    """The chart in the style of all figures, with a description for readers who do not see it."""
    import altair as alt

    whole = chart.properties(description=description)
    if params:
        whole.params = list(params)
    whole.config = alt.Config.from_dict(dict(CONFIG), validate=False)
    return whole
