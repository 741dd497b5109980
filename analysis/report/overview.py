"""The overview of a folder of runs: the card of every study that has reported there, taken from its report."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from analysis.report.explore.anchors import anchors
from analysis.report.findings import plural
from analysis.report.html import document, table, tag
from train.stages.disk import replacing

PAGE = "index.html"
CARD = re.compile(
    r'<h1>(.*?)</h1>.*?(<article class="card">.*?<p class="lead">(.*?)</p>.*?</article>)</section><p class="soft">(.*?)</p>', re.DOTALL
)
OWN = re.compile(r'(\bid="|url\(#|href="#)([^")]*)')  # identifiers of figures, which two reports may share, and links to places


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
    at = anchors("study", [name for name, *_ in found])
    heads = table(("study", "answer"), [(link, said) for _, link, said, _ in found], at=at)
    whole = (tag("section", tag("h2", link), card) for _, link, _, card in found)
    return document("Studies", tag("h1", "Studies"), tag("p", line, kind="soft"), heads, *whole)


def cards(out: Path) -> Iterator[tuple[str, Markup, Markup, Markup]]:
    """The folder's name, the title, the first sentence of the answer, and the card of each report, by the names of their folders. Reports
    without cards are passed over."""
    for report in sorted(file for file in out.glob("*/report.html") if file.is_file()):
        if found := CARD.search(report.read_text(encoding="utf-8", errors="replace")):  # a damaged one of another study stops no report
            title, card, said, extent = found.groups()
            folder = report.parent.name
            page = Markup("{}/report.html").format(quote(folder))
            link = Markup('<a href="{}">{}</a>').format(page, Markup(title))
            own = set(re.findall(r'\bid="([^"]*)"', card))

            def there(place: re.Match[str], folder: str = folder, page: str = page, own: Collection[str] = own) -> str:
                """A place of the card under a name of its own; a link to another place of the report leads there."""
                if place[1] == 'href="#' and place[2] not in own:
                    return f'href="{page}#{place[2]}'
                return f"{place[1]}{folder}-{place[2]}"

            whole = OWN.sub(there, card.replace("<h2>", "<h3>").replace("</h2>", "</h3>"))
            yield folder, link, Markup(OWN.sub(there, said)), Markup(f'{whole}<p class="soft">{extent}</p>')
