"""Charts on a page: a picture that is the same bytes every time, and what the script needs to bring it to life."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from analysis.figures.draw import CONFIG, DARK, HOVER

if TYPE_CHECKING:
    from altair.typing import ChartType

Json = Mapping[str, object]
BARE = {"background": "transparent", "aria": False}  # on a page, which has its own paper, and describes the figure as a whole
PLAIN = re.compile(r'"(#[0-9a-f]{6})"')
LONG = re.compile(r"(\d+\.\d{2})\d+")
IDLE = re.compile(r' (?:role|aria-[a-z]+|class|pointer-events|opacity="1"|stroke-miterlimit)(?:="[^"]*")?')
EMPTY = re.compile(r'<path(?: [a-z]+="[^"]*")* d="(?:|M0,0h0v0h0Z)"(?: [a-z-]+="[^"]*")*/>')


def specification(chart: ChartType) -> Json:
    """The chart in Vega-Lite, in the style of the page: its colours are the page's, by whose names they follow light and dark."""
    made = chart.to_dict(validate=False)
    made.pop("$schema", None)
    made["config"] = {**CONFIG, **made.get("config", {}), **BARE}
    return cast(Json, json.loads(themed(json.dumps(made))))


def themed(text: str) -> str:
    """The text, with the names of the page's colours where it quotes these colours."""
    return PLAIN.sub(lambda found: f'"{variable(found[1])}"' if found[1] in DARK else found[0], text)


def variable(colour: str) -> str:
    """The name of a colour in style sheets."""
    return f"var(--c{colour[1:]})"


def still(specification: Json, name: str) -> str:
    """The picture, for readers without the script and for paper: one `<svg>`, whose identifiers begin with `name`."""
    import vl_convert

    svg = vl_convert.vegalite_to_svg(dict(cast(Json, _without_hovers(specification))))
    svg = re.sub(r"<[^>]+>", lambda found: LONG.sub(r"\1", IDLE.sub("", found[0])), svg[svg.index("<svg") :])
    svg = EMPTY.sub("", svg)
    numbers = {identifier: f"{name}-{i}" for i, identifier in enumerate(re.findall(r'\bid="([^"]*)"', svg))}  # Vega counts on and on
    return re.sub(r'(\bid="|url\(#)([^")]*)', lambda found: f"{found[1]}{numbers.get(found[2], found[2])}", svg)


def _without_hovers(part: object) -> object:
    """The specification without the layers that only react to the pointer."""
    if isinstance(part, dict):
        return {key: value if key in ("data", "datasets") else _without_hovers(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_without_hovers(each) for each in part if not (isinstance(each, dict) and str(each.get("name", "")).startswith(HOVER))]
    return part


def stylesheet() -> str:
    """The colours by their names, in light and in dark."""
    light, dark = ("".join(f"--c{name[1:]}:{colour};" for name, colour in pairs) for pairs in (zip(DARK, DARK, strict=True), DARK.items()))
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"


STYLE = Path(__file__).with_name("figures.css").read_text(encoding="utf-8") + stylesheet()
OURS = Path(__file__).with_name("figures.js").read_text(encoding="utf-8")


@cache
def script() -> str:
    """The script of pages that hold charts: Vega, Vega-Lite and their embedding, as vl-convert bundles them, and what brings pictures to
    life. It loads nothing, and evaluates no text; 0.9 MB."""
    import vl_convert

    bundle = vl_convert.javascript_bundle()  # type: ignore[call-arg]  # its stub asks for a snippet, which may be left out
    for end in ("</script", "<!--"):
        bundle = bundle.replace(end, f"<\\{end[1:]}")
    return f"{bundle}\n{{{OURS}}}\n"
