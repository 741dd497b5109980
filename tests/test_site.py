"""The site of the docs: every page is made, every link leads somewhere, and what it tells is that of the code and of the kept findings."""

import json
import posixpath
import re
from collections.abc import Mapping
from functools import cache

import pytest

from analysis.design.found import FOUND, difference
from analysis.site.build import pages
from analysis.site.guides import linked
from analysis.site.reference import ROOT, dotted, modules, rooms
from analysis.studies import NAMES
from synthtasks.commands.catalogue import FAMILIES
from train.rl import INDEX


@cache
def made() -> Mapping[str, str]:
    return pages()


def below(page: str, entry: str) -> str:
    """The page that a list of contents names, from its folder or from the root."""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(page), entry)).lstrip("/") + ".md"


# A link to a page that is not there is a reader lost.
def test_every_link_leads_to_a_page() -> None:
    for page, text in made().items():
        prose = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
        for target in re.findall(r"\]\((?!http)([^)#\s]+)", prose):
            assert posixpath.normpath(posixpath.join(posixpath.dirname(page), target)) in made(), f"{page} links to {target}"
        for block in re.findall(r"```\{toctree\}\n(.*?)```", text, re.DOTALL):
            for entry in (line for line in block.splitlines() if line and not line.startswith(":")):
                assert below(page, entry) in made(), f"{page} lists {entry}"


# A page that no contents list is never found.
def test_every_page_is_listed() -> None:
    listed = {"index.md"}
    for page, text in made().items():
        for block in re.findall(r"```\{toctree\}\n(.*?)```", text, re.DOTALL):
            listed |= {below(page, entry) for entry in block.split() if not entry.startswith(":")}
    assert set(made()) <= listed


# A study, family, method or module without its place on the site is not documented.
def test_nothing_is_left_out() -> None:
    assert {f"studies/{name}.md" for name in NAMES} <= set(made())
    for name, known in FAMILIES.items():
        page = made()[f"gallery/{name}.md"]
        assert [f"## In {surface}" for surface in known.surfaces] == re.findall(r"^## In \w+", page, re.MULTILINE)
    assert all(f"| {name} |" in made()["algorithms.md"] for name in INDEX)
    documented = set(re.findall(r"automodule:: ([\w.]+)", "".join(text for page, text in made().items() if page.startswith("reference/"))))
    assert not [module for module in documented if re.search(r"\.lesson_\d_", module)]  # which would run where it is imported
    assert documented == {dotted(file) for room in rooms() for file in modules(room)}


# A number of the site that is not the one that was kept is a wrong result.
def test_findings_are_those_that_are_kept() -> None:
    for file in FOUND.glob("*.json"):
        page = made()[f"studies/{file.stem.split('-')[0]}.md"]
        said = json.loads(file.read_text(encoding="utf-8"))
        assert f"`{said['version']['commit']['hash'][:12]}`" in page
        for f in said["findings"]:
            assert f"| {f['name']} | {f['statement'].strip()} | {difference(f['test'], f['difference'], f['low'], f['high'])} |" in page


# A link from a guide to a file of which no page tells would be dead, and must be said.
def test_a_link_without_a_page_is_refused() -> None:
    with pytest.raises(ValueError, match="of which no page of the site tells"):
        linked("[this](Makefile)", "README.md", "index.md")
    assert linked("[a](synthtasks/README.md#commands)", "README.md", "index.md") == "[a](guides/tasks.md#commands)"
    assert linked("[a](analysis/studies/grid.py)", "README.md", "guides/x.md") == "[a](../studies/grid.md)"


# Whoever reads the changelog must see of each part whether results of before can still be used.
def test_the_changelog_says_of_each_part_whether_results_stay_comparable() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first, *parts = re.findall(r"^### (.*)$", text, re.MULTILINE)
    assert first == "Do results stay comparable?"
    rows = re.findall(r"^\| ([^|]+?) \| (?:yes|no|in part|weights yes)", text, re.MULTILINE)
    *named, rest = rows
    assert rest == "all parts below"
    assert named == parts[: len(named)]
