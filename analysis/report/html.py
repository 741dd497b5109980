"""HTML elements, and the page they make. Text is escaped where it enters an element; `Markup` is HTML already, and enters as it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from analysis.figures.svg import STYLE, script, specification, still, themed
from analysis.report.explore.anchors import here

if TYPE_CHECKING:
    from altair.typing import ChartType

XMLNS = (' xmlns="http://www.w3.org/2000/svg"', ' xmlns:xlink="http://www.w3.org/1999/xlink"')  # HTML needs none
CSS = Path(__file__).with_name("page.css").read_text(encoding="utf-8") + STYLE
PLOT = Markup(
    '<div class="plot"><div class="picture" role="img" aria-label="{}"><div aria-hidden="true">{}</div></div><div class="knobs"></div>'
    '<script type="application/json">{}</script></div>'
)
PAGE = Markup(
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>{}</title><style>{}</style></head>\n<body>\n{}\n</body></html>\n"
)


def tag(name: str, /, *inside: object, kind: str = "", head: str = "", **attributes: str) -> Markup:
    """An element of a class, with other `attributes` (`data_x` is data-x); `head` is shown before it where its table is shown as cards."""
    given = {"class": kind, "data-head": head, **{key.strip("_").replace("_", "-"): value for key, value in attributes.items()}}
    said = [Markup(' {}="{}"').format(key, value) for key, value in given.items() if value]
    return Markup("<{}{}>{}</{}>").format(name, Markup().join(said), Markup().join(map(escape, inside)), name)


def table(
    head: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[str] = (), caption: object = "", at: Sequence[str] = ()
) -> Markup:
    """A table, or a card of each row where the page is narrow. The columns called `numbers` are set to the right. `at` are the identifiers
    of the rows, which then show the link to themselves."""
    kinds = ["number" if name in numbers else "name" if i == 0 else "" for i, name in enumerate(head)]
    first = tag("tr", *(tag("th", name, kind=kind, scope="col") for name, kind in zip(head, kinds, strict=True)))
    body = [_row(head, kinds, row, at[i] if at else "") for i, row in enumerate(rows)]
    whole = tag("div", tag("table", tag("thead", first), tag("tbody", *body), kind="cards"), kind="wide")
    return whole + (tag("p", caption, kind="soft") if caption else "")


def _row(head: Sequence[str], kinds: Sequence[str], row: Sequence[object], at: str) -> Markup:
    """A row of a table, whose first cell names it."""
    first, *rest = zip(head, kinds, row, strict=True)
    named = tag("th", first[2], here(at, escape(first[2]).striptags()) if at else "", kind=first[1], head=first[0], scope="row")
    return tag("tr", named, *(tag("td", value, kind=kind, head=name) for name, kind, value in rest), id=at)


def figure(drawn: ChartType | str, caption: object, name: str = "") -> Markup:
    """A chart or an SVG, with how to read it. A chart is a picture, which the script of the page brings to life. The element has the
    identifier `name`, if it is given."""
    inside = Markup(_bare(themed(drawn))) if isinstance(drawn, str) else _plot(drawn)
    whole = tag("figure", inside, tag("figcaption", caption))
    return Markup('<figure id="{}">{}').format(name, whole[len("<figure>") :]) if name else whole


def _plot(chart: ChartType) -> Markup:
    """A picture, and below it in the page, as data, from what it is drawn."""
    drawn = specification(chart)
    text = json.dumps(drawn, separators=(",", ":"))
    picture = still(drawn, f"f{hashlib.sha256(text.encode()).hexdigest()[:8]}")
    return PLOT.format(drawn.get("description", "A chart"), Markup(_bare(picture)), Markup(text.replace("<", "\\u003c")))


def _bare(svg: str) -> str:
    """The SVG without the names of its language, which HTML knows."""
    for name in XMLNS:
        svg = svg.replace(name, "")
    return svg


def section(title: str, *parts: object, at: str = "") -> Markup:
    """A part of the page under its heading; with an identifier, the heading ends in the link to it."""
    return tag("section", tag("h2", title, here(at, title) if at else ""), *parts, id=at)


def document(title: str, *parts: object, style: str = "", scripts: Sequence[str] = ()) -> Markup:
    """The whole page, which loads nothing. The CSS `style` follows the common one, and the `scripts` the body; that of charts is
    there once, if there are any."""
    body = Markup().join(map(escape, parts))
    every = dict.fromkeys((*((script(),) if PLOT[:18] in body else ()), *scripts))
    return PAGE.format(title, Markup(CSS + style), body + Markup().join(Markup(f"<script>{each}</script>") for each in every))
