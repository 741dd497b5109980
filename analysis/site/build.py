"""Build the site: write all pages, and let Sphinx make HTML of them. Nothing is loaded from the network, neither now nor by the pages."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory

from analysis.site.findings import studies
from analysis.site.gallery import gallery
from analysis.site.guides import PICTURES, guides
from analysis.site.reference import reference
from analysis.site.signatures import short
from analysis.site.taught import taught
from train.rl import INDEX

CSS = """.content { width: 58em; max-width: 100%; } table.docutils { font-size: .85em; } article table { display: block; overflow-x: auto; }
table:has(th:nth-child(9)) td:first-child { min-width: 18em; } .highlight-text pre { white-space: pre-wrap; }
figure.chart { margin: 1em 0; overflow-x: auto; } figure.chart svg { max-width: none; }
"""
EXTRAS = ("reasoning_gym", "verifiers", "pyarrow", "transformers", "datasets", "wandb", "ray", "duckdb")
CONFIG: Mapping[str, object] = {
    "project": "synthtasks",
    "html_title": "synthtasks",
    "html_theme": "furo",
    "html_static_path": ["_static"],
    "html_css_files": ["site.css"],
    "extensions": ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"],
    "myst_heading_anchors": 3,
    "default_role": "code",  # names in docstrings stand in single backquotes
    "autodoc_inherit_docstrings": False,
    "autodoc_member_order": "bysource",
    "html_show_copyright": False,
    "python_maximum_signature_line_length": 100,
}


def pages() -> Mapping[str, str]:
    """Every page, by the path of its source."""
    return {**guides(), **studies(), **gallery(), **taught(), **reference(), "algorithms.md": algorithms()}


def algorithms() -> str:
    """The index of policy-gradient methods as a page."""
    lines = ["# Algorithms", "", "Every method is a value of `train.rl.INDEX`: `from train.rl import GRPO`.", ""]
    lines += ["| name | paper | section | settings | not supported |", "|---|---|---|---|---|"]
    lines += [f"| {name} | {e.paper} | {e.section} | {e.settings} | {e.lacks} |" for name, e in INDEX.items()]
    return "\n".join(lines) + "\n"


def write(folder: Path) -> None:
    """Write the source of every page into a folder."""
    for name, text in pages().items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    (folder / "_static").mkdir()
    (folder / "_static" / "site.css").write_text(CSS, encoding="utf-8")
    for picture in PICTURES.values():
        copy(picture, folder / "_static")


def build(out: Path) -> Path:
    """Make the site in the folder `out`; the path of its first page. A warning of Sphinx, such as a dead link, is an error.

    Raises:
        ModuleNotFoundError: if the extra `docs` is not installed.
        SphinxWarning: if a page has a mistake.
    """
    from docutils import nodes
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx

    def plain(app: Sphinx, kind: str, name: str, of: object, options: object, lines: list[str]) -> None:
        """Bars of absolute values are no markup."""
        lines[:] = [re.sub(r"(`[^`]*`)|\|", lambda m: m.group(1) or "\\|", line) for line in lines]

    def exact(app: Sphinx, tree: nodes.document) -> None:
        """A name in a signature is a link only if it is the one name that it can be."""
        for reference_ in tree.findall(pending_xref):
            reference_.attributes.pop("refspecific", None)

    config = {**CONFIG, "version": version("synthtasks"), "autodoc_mock_imports": [name for name in EXTRAS if find_spec(name) is None]}
    with TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        write(source)
        app = Sphinx(source, None, out, Path(folder) / "doctrees", "html", json.loads(json.dumps(config)), exception_on_warning=True)
        app.connect("doctree-read", exact)
        app.connect("autodoc-process-docstring", plain)
        app.connect("autodoc-process-signature", lambda app, kind, name, of, options, signature, returned: short(of))
        app.build()
    return out / "index.html"
