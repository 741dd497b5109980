"""Lists of contents, which Sphinx shows beside every page."""

from collections.abc import Iterable


def contents(pages: Iterable[str]) -> str:
    """The list of the pages below one, by their names from its folder, or with `/` from the root; it is not shown in the text."""
    return "\n".join(("```{toctree}", ":maxdepth: 1", ":hidden:", "", *pages, "```", ""))
