"""The report of a study on one page: the question, the findings, their uncertainty, and the run."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from analysis.design.registration import Registration, differences
from analysis.design.results import Results
from analysis.design.scale import SCALES, SIZES, SMOKE, changed, preset
from analysis.figures.conditions import name, varying
from analysis.report import dag, forest, provenance, registered
from analysis.report.card import NO_FIGURE, card
from analysis.report.findings import answer, contrasts, derivations, plural, verdicts
from analysis.report.html import document, figure, section, table, tag
from analysis.report.provenance import chosen
from analysis.report.traces import Exhibit, exhibits, sampled, show
from train.stages.disk import replacing

if TYPE_CHECKING:
    from altair.typing import ChartType

SMOKE_NOTE = "This ran at the smoke scale, which proves that everything is connected. Its numbers say nothing about learning."


def write_report(results: Results, registration: Registration, out: Path) -> Path:
    """Write `report.html` into the folder `out`; its path."""
    page = out / "report.html"
    with replacing(page) as file:
        file.write(report(results, registration).encode())
    return page


def report(results: Results, registration: Registration) -> Markup:
    """The whole page."""
    study, changed_since = results.study, differences(registration, results.study, results.cells)
    extent = [f"{len(results.cells)} cells, {plural(len(results.setting.seeds), 'pretraining seed')}"]
    extent += [f"{option}: {value}" for option, value in chosen(results.setting).items()]
    return document(
        f"Study: {study.name}",
        tag("h1", study.question),
        tag("p", f"Study “{study.name}”, after {study.source}. {'; '.join(extent)}. {size(results)}.", kind="soft"),
        *([tag("p", SMOKE_NOTE, kind="note")] if SCALES[preset(results.setting.scale)] is SMOKE else []),
        *([tag("p", results.note, kind="note")] if results.note else []),
        section("In short", card(results)),
        section("Answer", tag("p", answer(results))),
        section(
            "Verdicts",
            registered.registration(results, registration, changed_since),
            verdicts(results),
            _drawing(forest.forest(results.findings), forest.CAPTION),
            registered.beside(results.findings),
        ),
        section("The same claims under other choices", registered.choices(results)),
        section("Reported without a verdict", contrasts(results), *derivations(results)),
        *(section(of.title, _drawing(of.draw(results.facts), of.caption)) for of in study.figures if of != study.shown),
        *([section("Two traces, as the judge reads them", *shown)] if (shown := traces(results)) else []),
        section("Undefined cells", undefined(results)),
        section("How it was run", *run(results)),
    )


def size(results: Results) -> str:
    """The preset, and the fields in which the scale differs from it, by which the reports of two settings are told apart."""
    scale, nearest = results.setting.scale, preset(results.setting.scale)
    other = ", ".join(f"{f.replace('_', ' ')} {value:,}" for f, value in changed(scale, SCALES[nearest]).items())
    return f"Scale {nearest}, but for {other}" if other else f"Scale {nearest}"


def _drawing(chart: "ChartType | None", caption: str) -> Markup:
    return figure(chart, caption) if chart else tag("p", NO_FIGURE, kind="soft")


def traces(results: Results) -> list[Markup]:
    """A completion that solves its problem and one that fails; nothing, where the study samples none."""
    parts: list[Markup] = []
    if any(sampled(cell) for cell in results.cells):
        axes = varying(dict(c.labels) for c in results.cells)
        for title, exhibit in zip(("Solved", "Failed"), exhibits(results), strict=True):
            parts += (tag("h3", title), *_exhibit(exhibit, axes))
    return parts


def _exhibit(exhibit: Exhibit | None, axes: Sequence[str]) -> tuple[Markup, ...]:
    if exhibit is None:
        return (tag("p", "No sampled completion is one of these.", kind="soft"),)
    stage, where = exhibit.stage.replace("_", " ").capitalize(), name(dict(exhibit.labels), axes)
    return tag("p", f"{stage}; {where}; seed {exhibit.seed}.", kind="soft"), show(exhibit)


def undefined(results: Results) -> Markup:
    """The cells that have no answer, with the reason."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    axes = varying(outcome.labels for outcome in results.outcomes)
    for outcome in (o for o in results.outcomes if o.undefined):
        found[name(outcome.labels, axes), outcome.undefined].append(outcome.seed)
    if not found:
        return tag("p", "Nothing: every cell is defined in every seed.")
    rows = [(cell, ", ".join(map(str, seeds)), reason) for (cell, reason), seeds in found.items()]
    caption = "A claim leaves out the seeds in which a cell that it reads is undefined, and puts nothing in its place."
    return table(("cell", "seeds", "reason"), rows, caption=caption)


# --- how it was run


def run(results: Results) -> list[Markup]:
    """The command, stages, costs, machines and sizes."""
    setting, seed = results.setting, results.cells[0].seed
    sizes = {f.replace("_", " "): f"{getattr(setting.scale, f):,}" for f in SIZES}
    sizes |= {"seeds": ", ".join(map(str, setting.seeds)), **chosen(setting)}
    parts = {
        "To run it again": tag("pre", tag("code", provenance.command(results))),
        "Stages": figure(dag.draw_stages(results.cells, seed, lambda _: "there"), dag.caption(results.cells, seed)),
        "Costs": costs(results),
        "Machines": tag("ul", *(tag("li", f"{plural(n, 'stage')} on {what}") for what, n in provenance.machines(results).items())),
        "Sizes": table(("field", "size"), list(sizes.items()), ("size",)),
    }
    return [each for title, part in parts.items() for each in (tag("h3", title), part)]


def costs(results: Results) -> Markup:
    """The ledgers, by kind of stage."""
    kinds, rows = provenance.costs(results), []
    for c in (*kinds, provenance.total("total", kinds)):
        tokens = [scientific(n) for n in (c.ledger.sampled, c.ledger.forwarded, c.ledger.trained, c.ledger.flops)]
        plain = [f"{n:,.0f}" for n in (c.ledger.updates, c.seconds, c.cpu_seconds, c.peak_memory_mb)]
        rows.append((c.kind, f"{c.stages:,}", *tokens, *plain))
    head = ("kind of stage", "stages", "sampled", "forwarded", "trained", "FLOPs", "updates", "seconds", "CPU seconds", "peak MB")
    caption = (
        "Sampled, forwarded and trained are tokens without padding. FLOPs are counted from tokens, weights (2 forward, 4 backward) and "
        "the keys that attention reads. Seconds are summed over stages that may have run at once; the peak is of the largest stage."
    )
    return table(head, rows, head[1:], caption)


def scientific(n: float) -> Markup:
    """Three digits and a power of ten, where a number is long."""
    if n < 100_000:
        return escape(f"{n:,.0f}")
    digits, exponent = f"{n:.2e}".split("e")
    return escape(f"{digits} × 10") + tag("sup", int(exponent))
