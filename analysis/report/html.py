"""HTML: elements whose text is escaped, and the one page they make. No scripts, nothing from the network."""

from collections.abc import Sequence
from html import escape

XMLNS = (' xmlns="http://www.w3.org/2000/svg"', ' xmlns:xlink="http://www.w3.org/1999/xlink"')  # HTML needs none

CSS = """
:root { color-scheme: light dark; --ink: #1b1c1e; --paper: #fff; --soft: #6a6d72; --line: #d9dbde; --tint: #f3f4f6;
  --good: #00734f; --bad: #b84300; --open: #5d6066; --mark: #fff2cc; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e8e9eb; --paper: #16181b; --soft: #a3a7ad; --line: #3a3d42;
  --tint: #212429; --good: #4fc79c; --bad: #ff9a5c; --open: #b0b4ba; --mark: #4a3f1d; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto; padding: 1.5rem 1rem 4rem;
  max-width: 68rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .6rem; border-top: 1px solid var(--line); padding-top: 1.2rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; }
p, li { max-width: 46rem; }
sup { line-height: 0; }
.soft, figcaption { color: var(--soft); font-size: .88rem; }
.wide { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .32rem .9rem .32rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); }
th.number, td.number { text-align: right; white-space: nowrap; }
td.name { font-weight: 600; }
figure { margin: 1rem 0; overflow-x: auto; }
figure svg { display: block; width: 100%; min-width: 44rem; height: auto; stroke-linejoin: round; stroke-linecap: butt; }
figcaption { max-width: 46rem; margin-top: .4rem; position: sticky; left: 0; }
.verdict { font-weight: 700; white-space: nowrap; color: var(--open); }
.verdict.shown { color: var(--good); } .verdict.refuted { color: var(--bad); }
.note { background: var(--tint); border-left: 4px solid var(--open); padding: .6rem .9rem; margin: 1rem 0; }
.mono, code, pre { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .88rem; }
pre { background: var(--tint); padding: .7rem .9rem; overflow-x: auto; }
.program { display: flex; flex-wrap: wrap; gap: .3rem; margin: .5rem 0; }
.line { padding: .1rem .45rem; border: 1px solid var(--line); border-radius: .25rem; color: var(--soft); }
.line.inside { background: var(--mark); color: var(--ink); border-color: currentColor; }
.trace { list-style: none; padding: 0; }
.right b { color: var(--good); } .wrong b { color: var(--bad); }
.wrong .remark { color: var(--bad); } .remark { color: var(--soft); padding-left: 1rem; font-family: system-ui, sans-serif; }
@media screen and (max-width: 42rem) { table.cards, .cards tbody, .cards tr, .cards td { display: block; } .cards thead { display: none; }
  .cards tr { border-bottom: 1px solid var(--line); padding: .5rem 0; } .cards td { border: 0; padding: .05rem 0; text-align: left; }
  .cards td:not(.name)::before { content: attr(data-head) ": "; color: var(--soft); } }
@media print { body { font-size: 10pt; max-width: none; padding: 0; } figure svg { min-width: 0; }
  figure, tr, .trace { break-inside: avoid; }
  h2, h3 { break-after: avoid; } .wide, figure { overflow: visible; } table { font-size: 8pt; } }
"""


class Html(str):
    """Text that is HTML already. All other text is escaped where it enters an element."""

    __slots__ = ()


def text(value: object) -> Html:
    """`value` as HTML that shows it."""
    return value if isinstance(value, Html) else Html(escape(str(value)))


def join(parts: Sequence[object], between: str = "") -> Html:
    """The parts, one after the other."""
    return Html(escape(between).join(text(part) for part in parts))


def tag(name: str, *inside: object, kind: str = "", head: str = "") -> Html:
    """An element of a class; `head` is said before it where its table is shown as cards."""
    attributes = "".join(f' {key}="{escape(value)}"' for key, value in (("class", kind), ("data-head", head)) if value)
    return Html(f"<{name}{attributes}>{join(inside)}</{name}>")


def table(head: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[str] = (), caption: object = "") -> Html:
    """A table, or a card of each row where the page is narrow. The columns called `numbers` are set to the right."""
    kinds = ["number" if name in numbers else "name" if i == 0 else "" for i, name in enumerate(head)]
    first = tag("tr", *(tag("th", name, kind=kind) for name, kind in zip(head, kinds, strict=True)))
    body = [tag("tr", *(tag("td", v, kind=kind, head=name) for v, kind, name in zip(row, kinds, head, strict=True))) for row in rows]
    whole = tag("div", tag("table", tag("thead", first), tag("tbody", *body), kind="cards"), kind="wide")
    return join([whole, tag("p", caption, kind="soft") if caption else ""])


def figure(svg: str, caption: object) -> Html:
    """An SVG, with how to read it."""
    for name in XMLNS:
        svg = svg.replace(name, "")
    return tag("figure", Html(svg), tag("figcaption", caption))


def section(title: str, *parts: object) -> Html:
    """A part of the page under its heading."""
    return tag("section", tag("h2", title), *parts)


def document(title: str, *parts: object, style: str = "") -> Html:
    """The whole page; `style` is said after the common one."""
    return Html(
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{tag('title', title)}\n<style>{CSS}{style}</style>\n</head>\n<body>\n{join(parts)}\n</body>\n</html>\n"
    )
