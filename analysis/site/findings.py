"""Studies: a page for each, from its docstring and the findings that are kept of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from analysis.design.found import FOUND, difference, front, read_found
from analysis.site.contents import contents
from analysis.site.drawn import INK, drawn
from analysis.site.guides import linked
from analysis.studies import MODULES, STUDIES

if TYPE_CHECKING:
    import altair as alt

    Finding = Mapping[str, object]

VERDICTS = {"shown": "#0a8f66", "refuted": "#c2571a", "undetermined": "#7d8289", "reported": "#7d8289"}
CAPTION = (
    "Marks are means over seeds, bars their intervals. Shaded: where a claim that is shown must lie. "
    "Green is shown, orange refuted, grey undetermined or reported."
)


def studies() -> Mapping[str, str]:
    """The pages, by the path of their source."""
    runs = {file.stem: json.loads(json.dumps(dict(read_found(file.stem)))) for file in FOUND.glob("*.json")}
    kept = sorted(runs, key=lambda run: (-len(runs[run]["seeds"]), run))
    table = linked(front(), "README.md", "studies/index.md")
    index = f"# Study by study\n\n{table}\n\n{contents(MODULES)}"
    pages = {f"studies/{name}.md": page(name, [k for k in kept if k == name or k.startswith(f"{name}-")]) for name in MODULES}
    return {"studies/index.md": index, **pages}


def page(name: str, kept: list[str]) -> str:
    """A study: its question, what it does, and each run of it that is kept."""
    study = STUDIES[name]
    lines = [f"# {name}", "", f"**{study.question}**", "", f"After {study.source}. `python -m analysis run {name}` runs it.", ""]
    lines += ["```{eval-rst}", f".. automodule:: {MODULES[name]}", "   :no-index:", "```", ""]
    lines += ["| axis | values |", "|---|---|", *(f"| {axis} | {', '.join(values)} |" for axis, values in study.axes.items()), ""]
    for run in kept:
        lines += told(run)
    if study.card.change:
        lines += ["## What would change the answer", "", study.card.change, ""]
    return "\n".join(lines)


def told(run: str) -> Iterator[str]:
    """A kept run: what others published, its claims as a picture and as a table, and which run it was."""
    said = json.loads(json.dumps(dict(read_found(run))))
    yield from (f"## Found at the scale {said['scale']}", "", f"Seeds {said['seeds'][0]} to {said['seeds'][-1]}; {said['look']}.", "")
    if said.get("published"):  # older ones lack it
        yield from ("Published:", "", *(f"- {p['said']} ({p['source']})" for p in said["published"]), "")
    yield from (drawn(forest(said["findings"]), f"The claims of {said['study']} with their intervals"), CAPTION, "")
    yield from ("| claim | statement | difference, points [interval] | n | verdict |", "|---|---|---|---|---|")
    for f in said["findings"]:
        bounds = difference(f["test"], f["difference"], f["low"], f["high"])
        yield f"| {f['name']} | {f['statement'].strip()} | {bounds} | {f['n']} | {f['verdict']} |"
    version, commit = said["version"], said["version"]["commit"]
    edited = " with changes" if commit["dirty"] else ""
    yield from ("", f"Registered {version['at']} as `{version['registered']}`, run at commit `{commit['hash'][:12]}`{edited}.", "")


def forest(findings: list[Finding]) -> alt.TopLevelMixin:
    """The claims one under the other, with the zones in which they would be shown."""
    import altair as alt

    rows = [{**f, "from": zone(f)[0], "to": zone(f)[1]} for f in findings if f["difference"] is not None]
    names = [str(f["name"]) for f in rows]
    chart = alt.Chart(alt.InlineData(values=rows)).encode(y=alt.Y("name:N", sort=names, title=None))
    domain = alt.Scale(domain=[-100, 100], clamp=True)
    x = alt.X("difference:Q", scale=domain, title="difference, points of 100 (or % of seeds)")
    colour = alt.Color("verdict:N", scale=alt.Scale(domain=list(VERDICTS), range=list(VERDICTS.values())), legend=None)
    zones = chart.transform_filter("isValid(datum.from)").mark_bar(color=VERDICTS["shown"], opacity=0.15, height=16)
    bars = chart.transform_filter("isValid(datum.low)").mark_bar(height=3)
    layers = (
        zones.encode(x=alt.X("from:Q", scale=domain), x2="to:Q"),
        alt.Chart(alt.InlineData(values=[{"x": 0}])).mark_rule(color=INK).encode(x=alt.X("x:Q", scale=domain)),
        bars.encode(x=alt.X("low:Q", scale=domain), x2="high:Q", color=colour),
        chart.mark_point(filled=True, size=70, shape="diamond", opacity=1).encode(x=x, color=colour),
    )
    return alt.layer(*layers).properties(width=440, height=alt.Step(24))


def zone(finding: Finding) -> tuple[float | None, float | None]:
    """The differences at which a claim would be shown, from and to; None, where it has no test."""
    margin = finding["margin"]
    if finding["test"] not in ("more", "same", "share") or not isinstance(margin, int | float):
        return None, None
    return (-float(margin), float(margin)) if finding["test"] == "same" else (float(margin), 100.0)
