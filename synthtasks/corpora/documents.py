"""Documents: a prompt, a body, and which words of the body give the result of which primitive."""

from dataclasses import dataclass
from typing import Protocol

from synthtasks.checked import check
from synthtasks.problem import Problem
from synthtasks.surfaces import Compact, Story, Surface
from synthtasks.trace import Words


@dataclass(frozen=True)
class Result:
    """The words of a document that give the value of a step, and the primitive that the step applies."""

    at: int  # place in the body of the first
    primitive: str
    words: int = 1


@dataclass(frozen=True)
class Document:
    """A prompt, which is read, and a body, which is learned."""

    prompt: Words
    body: Words
    results: tuple[Result, ...]
    context: str = ""  # of the story that it tells, if it tells one
    steps: int = 0  # that it solves
    masked: tuple[int, ...] = ()  # places in the body that carry no loss, whatever is withheld


class Writer(Protocol):
    """Turns a problem into a document."""

    def __call__(self, problem: Problem) -> Document: ...


@dataclass(frozen=True)
class Solved:
    """The problem and its solution.

    A result is the value of a step, where that is stated. The answer is none: it repeats the last value, so it is a copy.
    """

    surface: Surface = Compact()

    def __call__(self, problem: Problem) -> Document:
        body = self.surface.solution(problem)
        assertions = self.surface.read(body).assertions
        results = tuple(Result(a.at, problem.by_name[a.name].primitive.name, a.words) for a in assertions)
        context = self.surface.context.name if isinstance(self.surface, Story) else ""
        return Document(self.surface.prompt(problem), body, results, context, len(problem.proof))


@dataclass(frozen=True)
class Listing:
    """The lines of a window, restated without values: stepping and copying, but nothing to compute.

    With listings longer than any solved problem, a model that fails on a deeper problem does not fail for never having
    written that many lines.
    """

    surface: Compact = Compact()

    def __post_init__(self) -> None:
        check(self)

    def __call__(self, problem: Problem) -> Document:
        return Document(self.surface.listing_prompt(problem), self.surface.listing(problem), ())


@dataclass(frozen=True)
class Outline:
    """The problem and its solution, of which no value is learned: only which step comes next, what it says, and where to stop.

    It stands in the place of `Listing` in every surface, for problems of any length. Values are read, and neither those of
    steps nor the answer carry loss.
    """

    surface: Surface = Compact()

    def __call__(self, problem: Problem) -> Document:
        body = self.surface.solution(problem)
        masked = tuple(i for i, role in enumerate(self.surface.roles(body)) if role in ("execute", "answer"))
        return Document(self.surface.prompt(problem), body, (), masked=masked)


def unsolved(surface: Surface) -> Writer:
    """Documents that teach a surface's steps and no results: listings where the surface has them, else outlines."""
    return Listing(surface) if isinstance(surface, Compact) else Outline(surface)
