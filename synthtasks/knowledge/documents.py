"""Documents of knowledge: excerpts alone, and problems whose solutions look up what no reader can know."""

from dataclasses import dataclass, replace
from typing import Literal

from synthtasks.checked import Checked
from synthtasks.corpora.documents import Document, Solved
from synthtasks.knowledge.excerpts import Excerpt, arbitrary
from synthtasks.knowledge.open_book import OpenBook
from synthtasks.problem import Problem
from synthtasks.surfaces import Compact, Surface
from synthtasks.vocab import END


@dataclass(frozen=True)
class Stated(Checked):
    """The excerpt for a problem, alone: a document that defines an operation. All its words but the first carry loss."""

    excerpt: Excerpt = Excerpt()

    def __call__(self, problem: Problem) -> Document:
        opens, *facts = self.excerpt(problem)
        return Document((opens,), (*facts, END), ())


@dataclass(frozen=True)
class LookedUp(Checked):
    """The problem and its solution behind an excerpt, with another operation in place of the excerpt's own in every document.

    The operation is drawn by the problem, so it can be had from the excerpt alone. Where the excerpt is `another's`, it is of an operation
    drawn apart: documents look alike, and nothing in them says what the solution looks up.
    """

    excerpt: Excerpt = Excerpt()
    told: Literal["its own", "another's"] = "its own"
    surface: Surface = Compact()

    def __call__(self, problem: Problem) -> Document:
        usual, m, path = self.excerpt.operation, problem.modulus, (problem.query, *map(str, problem.steps))
        own = arbitrary(usual, m, *path)
        steps = tuple(s._replace(primitive=own) if s.primitive.name == usual.name else s for s in problem.steps)
        other = own if self.told == "its own" else arbitrary(usual, m, "another", *path)
        changed = replace(problem, steps=steps)
        solved = Solved(self.surface)(changed)
        return replace(solved, prompt=OpenBook(replace(self.excerpt, operation=other), self.surface).prompt(changed))
