"""HTML elements, and the page they make. Text is escaped where it enters an element; `Markup` is HTML already, and enters as it is."""

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup, escape

from analysis.report.explore.anchors import here

XMLNS = (' xmlns="http://www.w3.org/2000/svg"', ' xmlns:xlink="http://www.w3.org/1999/xlink"')  # HTML needs none
CSS = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
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


def figure(svg: str, caption: object) -> Markup:
    """An SVG, with how to read it."""
    for name in XMLNS:
        svg = svg.replace(name, "")
    return tag("figure", Markup(svg), tag("figcaption", caption))


def section(title: str, *parts: object, at: str = "") -> Markup:
    """A part of the page under its heading; with an identifier, the heading ends in the link to it."""
    return tag("section", tag("h2", title, here(at, title) if at else ""), *parts, id=at)


def document(title: str, *parts: object, style: str = "") -> Markup:
    """The whole page, which loads nothing; the CSS `style` follows the common one."""
    return PAGE.format(title, Markup(CSS + style), Markup().join(map(escape, parts)))
