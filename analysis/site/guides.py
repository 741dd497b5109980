"""Guides: README and the guides of the rooms as pages of the site. Links to files of the checkout lead to the pages that tell of them."""

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path

from analysis.site.contents import contents
from analysis.site.reference import PACKAGES, ROOT
from analysis.site.taught import lesson_pages
from analysis.studies import MODULES

SOURCES = {  # page: its file in the checkout
    "guides/tasks.md": "synthtasks/README.md",
    "guides/studies.md": "analysis/README.md",
    "guides/lessons.md": "analysis/lessons/README.md",
    "gallery/reasoning_gym.md": "synthtasks/bridges/gym/found.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
}
START, FINDINGS, BUILT = "index.md", "findings.md", "built.md"  # the three pages that README becomes
TURNS = {"## What the studies found": FINDINGS, "## Where to go on": START, "## How it is built": BUILT}
HOMES = {source: page for page, source in SOURCES.items()} | {"README.md": START}
PICTURE = r'<picture>.*?alt="([^"]*)".*?</picture>'  # of README, for light and for dark
PICTURES = {kind: ROOT / "analysis" / "found" / f"grid-{kind}.svg" for kind in ("light", "dark")}
SHOWN = "\n".join(rf'<img class="only-{kind}" alt="\1" src="_static/{file.name}">' for kind, file in PICTURES.items())
PLAIN = ("LICENSE", "CITATION.cff")  # files without a page, which are named and not linked
BELOW = (
    "findings",
    "studies/index",
    "gallery/index",
    "guides/tasks",
    "guides/studies",
    "guides/lessons",
    "algorithms",
    "built",
    "reference/index",
    "contributing",
    "changelog",
)


def guides() -> Mapping[str, str]:
    """The pages, by the path of their source."""
    found = {page: linked((ROOT / file).read_text(encoding="utf-8"), file, page) for page, file in SOURCES.items()}
    found["guides/lessons.md"] += "\n" + contents(f"/{page.removesuffix('.md')}" for page in lesson_pages().values())
    return {**found, **readme((ROOT / "README.md").read_text(encoding="utf-8"))}


def readme(text: str) -> Mapping[str, str]:
    """README's first screen and its ways on are the front page; what was found and how it is built have pages of their own."""
    parts: dict[str, list[str]] = {START: [], FINDINGS: ["# What was found", ""], BUILT: []}
    page = START
    for line in text.splitlines():
        if line.startswith("## "):
            page = TURNS.get(line, page)
        if page == BUILT:
            line = line.removeprefix("#") if line.startswith("##") else line  # its first heading is the title of the page
        parts[page].append(line)
    parts[START].append(contents(BELOW))
    parts[START] = [re.sub(PICTURE, SHOWN, "\n".join(parts[START]), flags=re.DOTALL)]
    return {name: linked("\n".join(lines) + "\n", "README.md", name) for name, lines in parts.items()}


def linked(text: str, file: str, page: str) -> str:
    """The text of a file of the checkout with its links turned to pages.

    Raises:
        ValueError: if a link leads to a file that no page tells of.
    """

    def turned(match: re.Match[str]) -> str:
        label, target = match.groups()
        if target.startswith(("http", "#")):
            return match.group()
        path, _, anchor = target.partition("#")
        there = posixpath.normpath(posixpath.join(posixpath.dirname(file), path))
        if there in PLAIN:
            return label
        return f"[{label}]({posixpath.relpath(home(there, file), posixpath.dirname(page) or '.')}{'#' * bool(anchor)}{anchor})"

    return re.sub(r"\[([^\]]*)\]\(([^)\s]+)\)", turned, text)


def home(path: str, file: str) -> str:
    """The page that tells of a file or folder of the checkout.

    Raises:
        ValueError: if there is none.
    """
    if path in HOMES:
        return HOMES[path]
    if path + "/README.md" in HOMES:
        return HOMES[path + "/README.md"]
    if path in (taught := lesson_pages()):
        return taught[path]
    studies = {module.replace(".", "/") + ".py": f"studies/{name}.md" for name, module in MODULES.items()}
    if path in studies:
        return studies[path]
    where = Path(path)
    if where.parts[0] in PACKAGES:
        room = where.parent if where.suffix == ".py" else where
        return f"reference/{'.'.join(room.parts)}.md"
    raise ValueError(f"{file} links to {path}, of which no page of the site tells; add it to SOURCES of {__name__}, or to PLAIN")
