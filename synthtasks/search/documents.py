"""Documents of walks, for a cold start."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from synthtasks.checked import Checked, From
from synthtasks.corpora import Document
from synthtasks.problem import Problem
from synthtasks.search.search import searched
from synthtasks.search.turns import OBSERVED, Turns
from synthtasks.search.walker import TAGS, walk


@dataclass(frozen=True)
class Walked(Checked):
    """A search and the walk of a walker who takes, in a share of the turns, an action at random; with those of the tags that are named.
    Observations, and the end that they bring, carry no loss, unless they are to be learned: pretraining learns its world, too."""

    slips: Annotated[float, From(0, 1)] = 0.0
    tags: tuple[str, ...] = TAGS
    observations: Literal["read", "learned"] = "read"
    surface: Turns = Turns()

    def __call__(self, problem: Problem) -> Document:
        trace = walk(searched(problem), self.slips)
        turns = tuple(turn._replace(name=turn.name if turn.name in self.tags else "") for turn in trace.assertions)
        body = self.surface.write(replace(trace, assertions=turns))
        return Document(self.surface.prompt(problem), body, (), masked=observed(body) if self.observations == "read" else ())


def observed(words: Sequence[str]) -> tuple[int, ...]:
    """The places of words that a world says, in a completion."""
    return tuple(at for at, word in enumerate(words) if word in OBSERVED)
