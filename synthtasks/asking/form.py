"""The protocol of forms, and the plainest one: the words of the surface and nothing else."""

from dataclasses import dataclass
from typing import Protocol

from synthtasks.datasets.received import Message
from synthtasks.families import Family
from synthtasks.problem import Problem
from synthtasks.surfaces import Surface
from synthtasks.surfaces.surface import unspell
from synthtasks.trace import Trace
from synthtasks.vocab import END


class Form(Protocol):
    """A way of asking for the solution of a problem, and of reading replies."""

    def question(self, problem: Problem, family: Family, surface: Surface) -> str: ...
    def messages(self, problem: Problem, family: Family, surface: Surface) -> list[Message]: ...  # ends with the user's
    def reply(self, problem: Problem, surface: Surface) -> str: ...  # as asked for
    def read(self, reply: str, problem: Problem, surface: Surface) -> Trace: ...  # never raises: words of a model are data
    def __hash__(self) -> int: ...


@dataclass(frozen=True)
class Plain:
    """The words of the surface, separated by spaces, for a model that learned them.

    The answer of a reply is its last words, `answer VALUE <end>`, or the value alone with or without `<end>`. So listing
    many values earns nothing.
    """

    def question(self, problem: Problem, family: Family, surface: Surface) -> str:
        """The prompt of the surface."""
        return " ".join(surface.prompt(problem))

    def messages(self, problem: Problem, family: Family, surface: Surface) -> list[Message]:
        """The question as a user's message."""
        return [{"role": "user", "content": self.question(problem, family, surface)}]

    def reply(self, problem: Problem, surface: Surface) -> str:
        """The solution of the surface."""
        return " ".join(surface.solution(problem))

    def read(self, reply: str, problem: Problem, surface: Surface) -> Trace:
        """The trace that the surface reads, word by word."""
        words = tuple(reply.split())
        bare = unspell(words[:-1] if words[-1:] == (END,) else words)
        return surface.read(words) if bare is None else Trace((), bare)
