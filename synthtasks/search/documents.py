"""Documents of walks: pretraining, and a cold start."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from synthtasks.checked import Checked, From
from synthtasks.corpora import Document
from synthtasks.problem import Problem
from synthtasks.search.search import searched
from synthtasks.search.turns import Turns
from synthtasks.search.walker import TAGS, walk


@dataclass(frozen=True)
class Walked(Checked):
    """A search and the walk of a walker who takes, in a share of the turns, an action at random; with those of the tags that are named.

    Observations carry no loss, unless they are to be learned: pretraining learns its world, too. The end, which the world alone brings,
    never does, so that no policy learns to give up.
    """

    slips: Annotated[float, From(0, 1)] = 0.0
    tags: tuple[str, ...] = TAGS
    observations: Literal["read", "learned"] = "read"
    surface: Turns = Turns()

    def __call__(self, problem: Problem) -> Document:
        trace = walk(searched(problem), self.slips)
        turns = tuple(turn._replace(name=turn.name if turn.name in self.tags else "") for turn in trace.assertions)
        body = self.surface.write(replace(trace, assertions=turns))
        observed = tuple(turn.at + 1 for turn in self.surface.read(body).assertions) if self.observations == "read" else ()
        return Document(self.surface.prompt(problem), body, (), masked=(*observed, len(body) - 1))
