"""The card of a study: its question, what others published, what it found, one figure, and what would change the answer."""

from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup

from analysis.claims.claims import Share
from analysis.claims.judge import Finding
from analysis.design.results import Results
from analysis.report.findings import SAID, amount, interval, plural
from analysis.report.html import figure, tag

NO_FIGURE = "Nothing to draw: no cell has what this figure shows."


def card(results: Results) -> Markup:
    """The card, without the question, which is the title of the page."""
    study = results.study
    published = [tag("li", p.said, " ", tag("span", f"({p.source})", kind="soft")) for p in study.card.published]
    parts = {
        "Published": tag("ul", *published) if published else tag("p", f"After {study.source}; no number of it is compared with."),
        "Found": found(results),
    }
    chart = study.shown and study.shown.draw(results.facts)
    picture = figure(chart, study.shown.caption) if study.shown and chart else tag("p", NO_FIGURE, kind="soft")
    sides = tag("div", *(tag("div", tag("h3", title), part) for title, part in parts.items()), kind="sides")
    change = tag("h3", "What would change the answer") + tag("p", study.card.change) if study.card.change else ""
    return tag("article", sides, picture, change, kind="card")


def found(results: Results) -> Markup:
    """The headline with its interval and look, and a count of the other verdicts."""
    look = results.study.looks.describe(len(results.setting.seeds))
    tested = [f for f in results.findings if f.verdict != "reported"]
    if not results.findings:
        return tag("p", "None of these cells answers a claim.")
    return tag("p", headline((tested or results.findings)[0])) + tag("p", f"{look[:1].upper()}{look[1:]}. {tally(tested)}", kind="soft")


def headline(f: Finding) -> Markup:
    """A finding in a sentence."""
    unit = "" if isinstance(f.test, Share) else f" ({f.unit})"
    points = "" if f.difference is None else f": {amount(f)}{unit}, {interval(f)}"
    needs = f" About {plural(f.needed, 'seed')} would decide it." if f.needed else ""
    mark = tag("span", f.verdict, kind=f"verdict {f.verdict.split()[0]}")
    return Markup("{}{}; {}.{}").format(f.statement.strip(". "), points, mark, needs)


def tally(tested: Sequence[Finding]) -> str:
    """The number of claims by verdict."""
    counts = Counter(f.verdict for f in tested)
    parts = [f"{counts[verdict]} {verdict}" for verdict in SAID if counts[verdict]]
    return f"{plural(len(tested), 'tested claim')}: {', '.join(parts)}." if parts else ""
