"""The parts of a page, and their table of contents."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from analysis.report.html import section, tag


@dataclass(frozen=True)
class Part:
    """A part of the page under its heading, with its identifier. `folded` are pieces by their titles, which most readers pass over."""

    title: str
    at: str
    shown: Sequence[object]
    folded: dict[str, object] = field(default_factory=dict)

    def __html__(self) -> str:
        """The part as a section."""
        return section(self.title, *self.shown, *(fold(title, piece) for title, piece in self.folded.items()), at=self.at)


def fold(title: object, *inside: object, at: str = "") -> Markup:
    """A piece that is shown when its title is clicked, and in print."""
    return tag("details", tag("summary", title), *inside, id=at)


def contents(parts: Sequence[Part]) -> Markup:
    """A list of links to the parts."""
    return tag("ol", *(tag("li", tag("a", part.title, href=f"#{part.at}")) for part in parts))
