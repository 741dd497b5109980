"""README's picture: what RL adds by where it practises, with and without the primitive, from the findings that are kept of the factorial.
`python -m analysis.site.banner` draws it again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import altair as alt
import vl_convert

FOUND = Path(__file__).parent.parent / "found" / "grid.json"
FILES = {theme: FOUND.with_name(f"grid-{theme}.svg") for theme in ("light", "dark")}  # README's page has one of two backgrounds
TITLE = "RL adds reasoning at the edge of competence, if pretraining held the parts"
SIDES = {"with": "all parts pretrained", "without": "one part missing"}
CLAIMS = {  # of the study, by where RL practises and what pretraining had
    ("RL below the edge", "with"): "3 below: no gain",
    ("RL at the edge", "with"): "1 gain at the edge",
    ("RL beyond the edge", "with"): "4 beyond: no gain",
    ("RL below the edge", "without"): "5 absent, below: no gain",
    ("RL at the edge", "without"): "5 absent, at: no gain",
    ("RL beyond the edge", "without"): "5 absent, beyond: no gain",
}
SIGNED = "datum.value > 0 ? '+' + datum.value : datum.value < 0 ? '\u2212' + abs(datum.value) : '0'"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 430, 168, 160, 240, 56, 44  # pixels; fixed, since a margin measured by letters depends on fonts


@dataclass(frozen=True)
class Theme:
    """The colours on a background."""

    ink: str
    soft: str
    line: str
    paper: str
    sides: tuple[str, str]


THEMES = {
    "light": Theme("#1f2328", "#59636e", "#d1d9e0", "#ffffff", ("#0b62b8", "#b3470a")),
    "dark": Theme("#f0f6fc", "#9198a1", "#3d444d", "#0d1117", ("#66b3ff", "#ff9e57")),
}


def rows(found: Mapping[str, object]) -> list[dict[str, object]]:
    """A row for each claim that the picture shows.

    Raises:
        KeyError: if one of them is not there.
    """
    findings = {f["name"]: f for f in json.loads(json.dumps(found["findings"]))}
    made = []
    for (where, side), name in CLAIMS.items():
        f = findings[name]
        points = f"{f['difference']:+z.0f}".replace("-", "−").replace("+0", "0")
        label = points + f", {SIDES[side]}" * where.startswith("RL at")  # which explains the colour
        more = {"where": where, "side": SIDES[side], "shown": f["verdict"] == "shown", "points": points, "label": label}
        made.append(more | {key: f[key] for key in ("difference", "low", "high")})
    return made


def words(found: Mapping[str, object]) -> str:
    """The picture in words, for those who do not see it."""
    said = [f"{row['where']}, {SIDES[side]}: {row['points']}" for row, (_, side) in zip(rows(found), CLAIMS, strict=True)]
    return f"{TITLE}. Points of pass@128 that RL adds: {'; '.join(said)}."


def banner(found: Mapping[str, object], theme: Theme) -> str:
    """The picture as SVG. A filled dot is a claim that was shown, a hollow one is undetermined."""
    y = alt.Y("where:N", sort=None, title=None, axis=alt.Axis(domain=False, ticks=False, labelPadding=12, labelFontSize=14))
    axis = alt.Axis(tickCount=5, domain=False, ticks=False, labelExpr=SIGNED, titlePadding=8)
    x = alt.X("difference:Q", title="points of pass@128 that RL adds", scale=alt.Scale(domain=[-20, 60], nice=False), axis=axis)
    colour = alt.Color("side:N", sort=None, scale=alt.Scale(domain=list(SIDES.values()), range=list(theme.sides)), legend=None)
    offset = alt.YOffset("side:N", sort=None)
    base = alt.Chart(alt.InlineData(values=rows(found))).encode(y=y, yOffset=offset, color=colour)
    zero = alt.Chart(alt.InlineData(values=[{"at": 0}])).mark_rule(color=theme.soft).encode(x=alt.X("at:Q"))
    bars = base.mark_rule(strokeWidth=3, opacity=0.55).encode(x=alt.X("low:Q"), x2="high:Q")
    fill = alt.condition(alt.datum.shown, colour, alt.value(theme.paper))
    dots = base.mark_point(size=130, strokeWidth=2.5, opacity=1).encode(x=x, fill=fill)
    words = base.mark_text(align="left", dx=10, fontSize=14, fontWeight="bold").encode(alt.X("high:Q"), alt.Text("label:N"))
    seeds = len(json.loads(json.dumps(found["seeds"])))
    subtitle = f"{seeds} seeds: mean and interval. Filled: shown. Hollow: undetermined."
    title = alt.Title(TITLE, subtitle=subtitle, anchor="start", frame="bounds", fontSize=18, subtitleFontSize=13, subtitlePadding=6)
    chart = (zero + bars + dots + words).properties(width=WIDTH, height=HEIGHT, title=title)
    chart = chart.properties(padding={"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM}, autosize=alt.AutoSizeParams(type="none"))
    chart = chart.configure(background="transparent", font="system-ui, sans-serif").configure_view(stroke=None)
    chart = chart.configure_axis(
        labelColor=theme.soft, titleColor=theme.soft, gridColor=theme.line, labelFontSize=13, titleFontSize=13, titleFontWeight="normal"
    )
    chart = chart.configure_axisY(labelColor=theme.ink).configure_title(color=theme.ink, subtitleColor=theme.soft)
    return vl_convert.vegalite_to_svg(chart.to_dict())


def main() -> None:
    """Draw it on both backgrounds."""
    for name, file in FILES.items():
        file.write_text(banner(json.loads(FOUND.read_text(encoding="utf-8")), THEMES[name]), encoding="utf-8")
        print(file)


if __name__ == "__main__":
    main()
