"""HTML elements, and the page they make. Text is escaped where it enters an element; `Markup` is HTML already, and enters as it is."""

from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup, escape

XMLNS = (' xmlns="http://www.w3.org/2000/svg"', ' xmlns:xlink="http://www.w3.org/1999/xlink"')  # HTML needs none
CSS = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
PAGE = Markup(
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>{}</title><style>{}</style></head>\n<body>\n{}\n</body></html>\n"
)


def tag(name: str, *inside: object, kind: str = "", head: str = "") -> Markup:
    """An element of a class; `head` is shown before it where its table is shown as cards."""
    attributes = [Markup(' {}="{}"').format(key, value) for key, value in (("class", kind), ("data-head", head)) if value]
    return Markup("<{}{}>{}</{}>").format(name, Markup().join(attributes), Markup().join(map(escape, inside)), name)


def table(head: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[str] = (), caption: object = "") -> Markup:
    """A table, or a card of each row where the page is narrow. The columns called `numbers` are set to the right."""
    kinds = ["number" if name in numbers else "name" if i == 0 else "" for i, name in enumerate(head)]
    first = tag("tr", *(tag("th", name, kind=kind) for name, kind in zip(head, kinds, strict=True)))
    body = [tag("tr", *(tag("td", v, kind=kind, head=name) for v, kind, name in zip(row, kinds, head, strict=True))) for row in rows]
    whole = tag("div", tag("table", tag("thead", first), tag("tbody", *body), kind="cards"), kind="wide")
    return whole + (tag("p", caption, kind="soft") if caption else "")


def figure(svg: str, caption: object) -> Markup:
    """An SVG, with how to read it."""
    for name in XMLNS:
        svg = svg.replace(name, "")
    return tag("figure", Markup(svg), tag("figcaption", caption))


def section(title: str, *parts: object) -> Markup:
    """A part of the page under its heading."""
    return tag("section", tag("h2", title), *parts)


def document(title: str, *parts: object, style: str = "") -> Markup:
    """The whole page, which loads nothing; the CSS `style` follows the common one."""
    return PAGE.format(title, Markup(CSS + style), Markup().join(map(escape, parts)))
