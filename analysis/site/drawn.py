"""Charts as SVG inside a page, drawn in one ink, which is that of the page around them, be it light or dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import altair as alt

INK = "#010101"  # stands for the colour of the page's text
FONT = "system-ui, sans-serif"


def drawn(chart: alt.TopLevelMixin, title: str) -> str:
    """A chart as a raw block of Markdown; `title` is read to whoever does not see it."""
    import vl_convert

    axis = {"labelColor": INK, "titleColor": INK, "domainColor": INK, "tickColor": INK, "gridColor": INK, "gridOpacity": 0.15}
    config = {
        "font": FONT,
        "background": "transparent",
        "padding": {"left": 40, "right": 20, "top": 5, "bottom": 5},  # the page's letters may be wider than those that were measured
        "axis": axis | {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": 400},
        "legend": {"labelColor": INK, "titleColor": INK, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"},
        "header": {"labelColor": INK, "titleColor": INK, "labelFontSize": 12},
        "view": {"stroke": None},
    }
    spec = chart.to_dict() | {"config": config}
    svg = vl_convert.vegalite_to_svg(spec).replace(INK, "currentColor")
    return f'<figure role="img" aria-label="{title}" class="chart">\n{one_line(svg)}\n</figure>\n'


def one_line(svg: str) -> str:
    """An SVG without line breaks: a blank line in it would end the raw block."""
    return " ".join(line.strip() for line in svg.splitlines() if line.strip())
