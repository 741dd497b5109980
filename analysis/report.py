"""The report of a study: one page that says what was asked, what was found, how sure it is, and how it was run."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from analysis import provenance
from analysis.claims import ALPHA, Claim, Judgement, Verdict
from analysis.figures import FIGURES, FOREST, Drawing
from analysis.page import Html, document, figure, join, section, table, tag, text
from analysis.panels import conditions
from analysis.results import Results
from analysis.scale import SCALES, SMOKE, Scale
from analysis.traces import Exhibit, exhibits, show

VERDICTS: tuple[Verdict, ...] = ("shown", "shown (no update)", "refuted", "undetermined")
SAID = {  # of a list of claims with that verdict
    "shown": "Shown",
    "shown (no update)": "Shown, since RL found nothing to learn from and took no step",
    "refuted": "Refuted",
    "undetermined": "Undetermined, which means that these runs do not decide",
}
ONE_SEED = "With fewer than two seeds there is no interval, so no difference can be shown or refuted; what follows is what these runs gave."


def write_report(results: Results, out: Path) -> Path:
    """Write `report.html` into the folder `out`; its path."""
    page, draft = out / "report.html", out / "report.html.tmp"
    draft.write_text(report(results), encoding="utf-8")
    return draft.replace(page)


def report(results: Results) -> Html:
    """The whole page."""
    study = results.study
    return document(
        f"Study: {study.name}",
        tag("h1", study.question),
        tag("p", f"Study “{study.name}”, after {study.source}. {_extent(results)}", kind="soft"),
        *([tag("p", SMOKE_NOTE, kind="note")] if _is_smoke(results.setting.scale) else []),
        tag("p", answer(results)),
        section("Verdicts", verdicts(results), _drawing(FOREST, results)),
        section("Reported without a verdict", contrasts(results)),
        *(section(drawing.title, _drawing(drawing, results)) for drawing in FIGURES),
        section("Two traces, as the judge reads them", *traces(results)),
        section("What is undefined", undefined(results)),
        section("How it was run", *run(results)),
    )


SMOKE_NOTE = "This ran at the smoke scale, which proves that everything is connected. Its numbers say nothing about learning."


def _is_smoke(scale: Scale) -> bool:
    return SCALES[provenance.preset(scale)] is SMOKE


def _extent(results: Results) -> str:
    seeds = len(results.setting.seeds)
    withheld = ", ".join(results.setting.withhold) or "none"
    return f"{len(results.cells)} cells, {plural(seeds, 'pretraining seed')}; withheld from the absent arm: {withheld}."


def plural(n: int, noun: str) -> str:
    """A number of things."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


# --- verdicts


def answer(results: Results) -> Html:
    """The verdicts in a paragraph."""
    said = statements(results.study.claims)
    tested = [j for j in results.judgements if j.verdict != "reported"]
    if not tested:
        return text("No claim that has a test can be answered from these cells.")
    parts: list[object] = [f"{plural(len(tested), 'claim')} {'was' if len(tested) == 1 else 'were'} tested."]
    if max(j.n for j in tested) < 2:
        parts.append(ONE_SEED)
    for verdict in VERDICTS:
        mine = [j for j in tested if j.verdict == verdict]
        clauses, last = [], ""
        for j in mine:
            clauses.append(f"{said[j.name].removeprefix(f'{last}, ')} ({_points(j)})")
            last = said[j.name]
        if mine:
            parts.append(Html(tag("strong", f"{SAID[verdict]}:") + text(f" {'; '.join(clauses)}.")))
    return join(parts, " ")


def _points(j: Judgement) -> str:
    return "not defined in any seed" if j.difference is None else f"{number(j.difference)} points"


def statements(claims: Sequence[Claim]) -> dict[str, str]:
    """Each claim's statement as a clause; one that goes on from the claim before it (`... and`) is made whole."""
    found: dict[str, str] = {}
    last = ""
    for claim in claims:
        clause = claim.statement.strip(". ")
        last = f"{last}, {clause}" if claim.statement.startswith("...") else clause[:1].lower() + clause[1:]
        found[claim.name] = last.replace("rL ", "RL ", 1) if last.startswith("rL ") else last
    return found


def number(x: float | None) -> str:
    """A signed number of points, or a dash for what could not be measured."""
    if x is None:
        return "–"
    return "0.0" if abs(x) < 0.05 else f"{x:+.1f}".replace("-", "−")


def interval(j: Judgement) -> str:
    """The interval with its level, or why there is none."""
    if j.n == 1:
        return "one seed: no interval"
    return "–" if j.low is None or j.high is None else f"{number(j.low)} to {number(j.high)} ({j.level:.0%})"


def p_value(p: float | None) -> str:
    """To as many digits as matter, and no smaller than can be believed."""
    if p is None:
        return "–"
    return "< .001" if p < 0.001 else f"{p:.3f}" if p < 0.01 else f"{p:.2f}"


def verdicts(results: Results) -> Html:
    """Every tested claim."""
    rows = [
        (
            j.name,
            j.statement,
            tag("span", j.verdict, kind=f"verdict {j.verdict.split()[0]}"),
            number(j.difference),
            interval(j),
            _margin(results, j),
            p_value(j.p),
            j.n,
            j.dropped,
        )
        for j in results.judgements
        if j.verdict != "reported"
    ]
    if not rows:
        return tag("p", "None of these cells answers a claim that has a test.")
    caption = (
        "Differences are of exact pass@128, in points of 100. The unit is the pretraining seed: cells that share a seed are compared "
        "within it, and n counts seeds. Intervals are t intervals over seeds, not adjusted for the number of claims; verdicts are: "
        f"the Holm-adjusted p must be below {ALPHA}. “More than” asks that the difference exceed the margin, “within” that it lie "
        "within the margin of zero. Dropped: seeds in which a cell of the claim is undefined."
    )
    head = ("claim", "statement", "verdict", "difference", "interval", "margin", "Holm p", "n", "dropped")
    return table(head, rows, ("difference", "interval", "margin", "Holm p", "n", "dropped"), caption)


def _margin(results: Results, j: Judgement) -> str:
    test = next(c.test for c in results.study.claims if c.name == j.name)
    return f"{'more than' if type(test).__name__ == 'More' else 'within'} {j.margin:g}"


def contrasts(results: Results) -> Html:
    """Everything that was measured beside the claims."""
    rows = [
        (j.name, j.statement, number(j.difference), interval(j), j.unit, j.n, j.dropped)
        for j in results.judgements
        if j.verdict == "reported"
    ]
    if not rows:
        return tag("p", "None of these cells answers one.")
    caption = "No direction was claimed, so there is no verdict; intervals as above, each at its own level."
    head = ("contrast", "what", "difference", "interval", "unit", "n", "dropped")
    return table(head, rows, ("difference", "interval", "n", "dropped"), caption)


# --- figures, traces, gaps


def _drawing(drawing: Drawing, results: Results) -> Html:
    svg = drawing.draw(results)
    return figure(svg, drawing.caption) if svg else tag("p", "Nothing to draw: no cell has what this figure shows.", kind="soft")


def traces(results: Results) -> tuple[Html, ...]:
    """A completion that solves its problem and one that fails."""
    solved, failed = exhibits(results)
    return _exhibit("Solved", solved) + _exhibit("Failed", failed)


def _exhibit(title: str, exhibit: Exhibit | None) -> tuple[Html, ...]:
    if exhibit is None:
        return (tag("h3", title), tag("p", "No sampled completion after RL is one of these.", kind="soft"))
    where = " · ".join(v for _, v in exhibit.labels if v != "none")
    return (tag("h3", title), tag("p", f"After RL; {where}; seed {exhibit.seed}.", kind="soft"), show(exhibit))


def undefined(results: Results) -> Html:
    """The cells that have no answer, with the reason."""
    found: dict[tuple[str, str], list[int]] = {}
    for condition in conditions(results):
        for _, row in condition.pairs:
            if row.undefined:
                found.setdefault((condition.name, row.undefined), []).append(row.seed)
    if not found:
        return tag("p", "Nothing: every cell is defined in every seed.")
    rows = [(name, ", ".join(map(str, seeds)), reason) for (name, reason), seeds in found.items()]
    caption = "A cell whose edge lacks the region is left out, and nothing is put in its place."
    return table(("cell", "seeds", "reason"), rows, caption=caption)


# --- how it was run


def run(results: Results) -> tuple[Html, ...]:
    """Sizes, costs, machines, and the command."""
    setting, scale = results.setting, results.setting.scale
    sizes = [(f.name.replace("_", " "), f"{getattr(scale, f.name):,}") for f in fields(Scale) if f.name not in ("machine", "seeds")]
    sizes.append(("seeds", ", ".join(map(str, setting.seeds))))
    sizes.append(("withheld primitives", ", ".join(setting.withhold) or "none"))
    machines = [tag("li", f"{plural(n, 'stage')} on {what}") for what, n in provenance.machines(results).items()]
    return (
        tag("h3", "To run it again"),
        tag("pre", tag("code", provenance.command(results))),
        tag("h3", "What it cost"),
        costs(results),
        tag("h3", "On what"),
        tag("ul", *machines),
        tag("h3", "Sizes"),
        table(("field", f"scale {provenance.preset(scale)}"), sizes, (f"scale {provenance.preset(scale)}",)),
    )


def costs(results: Results) -> Html:
    """The ledgers, by kind of stage."""
    parts = provenance.costs(results)
    rows = [
        (
            c.kind,
            f"{c.stages:,}",
            *(scientific(n) for n in (c.ledger.sampled, c.ledger.forwarded, c.ledger.trained, c.ledger.flops)),
            f"{c.ledger.updates:,}",
            f"{c.seconds:,.0f}",
            f"{c.cpu_seconds:,.0f}",
            f"{c.peak_memory_mb:,}",
        )
        for c in (*parts, provenance.total("total", parts))
    ]
    head = ("kind of stage", "stages", "sampled", "forwarded", "trained", "FLOPs", "updates", "seconds", "CPU seconds", "peak MB")
    caption = (
        "Sampled, forwarded and trained are tokens without padding. FLOPs are counted from tokens and weights (2 forward, 4 backward), "
        "without attention's own products. Seconds are summed over stages that may have run at once; the peak is of the largest stage."
    )
    return table(head, rows, head[1:], caption)


def scientific(n: float) -> Html:
    """Three digits and a power of ten, where a number is long."""
    if n < 100_000:
        return text(f"{n:,.0f}")
    digits, exponent = f"{n:.2e}".split("e")
    return join([f"{digits} × 10", tag("sup", str(int(exponent)))])
