"""Documents of two kinds in any mixture, such as direct answers beside derivations."""

from dataclasses import dataclass
from typing import Annotated

from synthtasks.checked import Checked, From
from synthtasks.corpora.documents import Document, Writer, shares_statements
from synthtasks.problem import Problem
from synthtasks.rng import rng


@dataclass(frozen=True)
class Either(Checked):
    """A document of the `rare` kind in this share of problems, and of the `usual` kind in the others.

    Chance picks by the words of the rare prompt, so that equal problems have equal documents, and programs that differ in a distractor are
    picked for independently. Unlike recipes of a corpus, of which an iteration reads one, the kinds mix in every batch: so a policy learns
    their shares, too.
    """

    rare: Writer
    usual: Writer
    share: Annotated[float, From(0, 1)]

    @property
    def shares(self) -> bool:
        """True if several questions can be asked about one statement."""
        return shares_statements(self.rare) and shares_statements(self.usual)

    def __call__(self, problem: Problem) -> Document:
        document = self.rare(problem)
        picked = rng("either", " ".join(document.prompt)).random() < self.share
        return document if picked else self.usual(problem)
