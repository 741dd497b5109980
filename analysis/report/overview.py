"""The overview of a folder of runs: the card of every study that has reported there, taken from its report."""

import re
from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup

from analysis.report.findings import plural
from analysis.report.html import document, table, tag
from train.stages.disk import replacing

PAGE = "index.html"
CARD = re.compile(r'<h1>(.*?)</h1>(.*?)<section>.*?(<article class="card">.*?<h3>Found</h3><p>(.*?)</p>.*?</article>)', re.DOTALL)
OWN = re.compile(r'(\bid="|url\(#|href="#)')  # identifiers of figures, which two reports may share


def write_overview(out: Path) -> Path:
    """Write the overview of the reports in the folders of `out`; its path."""
    page = out / PAGE
    with replacing(page) as file:
        file.write(overview(out).encode())
    return page


def overview(out: Path) -> Markup:
    """The whole page."""
    found = list(cards(out))
    line = f"{plural(len(found), 'report')} in this folder. Each title leads to the whole report."
    heads = table(("study", "headline"), [(link, said) for link, said, _ in found])
    whole = (tag("section", tag("h2", link), card) for link, _, card in found)
    return document("Studies", tag("h1", "Studies"), tag("p", line, kind="soft"), heads, *whole)


def cards(out: Path) -> Iterator[tuple[Markup, Markup, Markup]]:
    """The title, the headline, and the card of each report, by the names of their folders. Reports without cards are passed over."""
    for report in sorted(file for file in out.glob("*/report.html") if file.is_file()):
        if found := CARD.search(report.read_text(encoding="utf-8", errors="replace")):  # a damaged one of another study stops no report
            title, extent, card, said = found.groups()
            link = Markup('<a href="{}/report.html">{}</a>').format(report.parent.name, Markup(title))
            yield link, Markup(said), Markup(extent + OWN.sub(rf"\g<1>{report.parent.name}-", card))
