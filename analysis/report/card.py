"""The card of a study: its answer in three sentences and one figure, what others published, and what would change the answer."""

from markupsafe import Markup

from analysis.design.results import Results
from analysis.report.explore.opening import Said, opening
from analysis.report.findings import amount
from analysis.report.html import figure, tag

NO_FIGURE = "Nothing to draw: no cell has what this figure shows."


def card(results: Results, said: Said = amount) -> Markup:
    """The card, without the question, which is the title of the page; `said` gives the number of a finding."""
    study = results.study
    published = [tag("li", p.said, " ", tag("span", f"({p.source})", kind="soft")) for p in study.card.published]
    parts = {
        "Published": tag("ul", *published) if published else tag("p", f"After {study.source}; no number of it is compared with."),
        **({"What would change the answer": tag("p", study.card.change)} if study.card.change else {}),
    }
    chart = study.shown and study.shown.draw(results.facts)
    picture = figure(chart, study.shown.caption) if study.shown and chart else tag("p", NO_FIGURE, kind="soft")
    sides = tag("div", *(tag("div", tag("h2", title), part) for title, part in parts.items()), kind="sides")
    return tag("article", opening(results, said), picture, sides, kind="card")
