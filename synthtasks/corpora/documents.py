"""Documents: a prompt, a body, and the places in the body that give results of primitives."""

from dataclasses import dataclass
from typing import Protocol

from synthtasks.checked import Checked
from synthtasks.problem import Problem
from synthtasks.surfaces import Compact, Story, Surface
from synthtasks.surfaces.surface import spell
from synthtasks.trace import Trace, Words

ROOM = 8  # words


@dataclass(frozen=True)
class Result:
    """The words of a body that give the value of a step, and the primitive of the step."""

    at: int  # place of the first word
    primitive: str
    words: int = 1


@dataclass(frozen=True)
class Document:
    """A prompt, which carries no loss, and a body, which carries loss."""

    prompt: Words
    body: Words
    results: tuple[Result, ...]
    context: str = ""  # of a story
    steps: int = 0  # solved in the body
    masked: tuple[int, ...] = ()  # places in the body that never carry loss
    statement: int = 0  # first words of the prompt, equal in every question about one statement; 0: it is the only question
    question: int = 0  # its place among them
    shown: tuple[str, ...] = ()  # primitives whose results carry loss, though the corpus withholds them

    @property
    def room(self) -> int:
        """The words that it takes beside its statement. Questions that share one take multiples of `ROOM`, so that batches of documents
        have few shapes."""
        words = len(self.prompt) - self.statement + len(self.body)
        return rounded(words) if self.statement else words


def rounded(words: int) -> int:
    """The next multiple of `ROOM`."""
    return -(-words // ROOM) * ROOM


class Writer(Protocol):
    """Turns a problem into a document."""

    def __call__(self, problem: Problem) -> Document: ...


@dataclass(frozen=True)
class Solved:
    """The problem and its solution.

    The results are the values of the steps. The answer is none, because it copies the last value.
    """

    surface: Surface = Compact()

    def __call__(self, problem: Problem) -> Document:
        body = self.surface.solution(problem)
        assertions = self.surface.read(body).assertions
        steps = problem.by_name  # a turn of a search is none
        results = tuple(Result(a.at, steps[a.name].primitive.name, a.words) for a in assertions if a.name in steps)
        context = self.surface.context.name if isinstance(self.surface, Story) else ""
        return Document(self.surface.prompt(problem), body, results, context, len(problem.proof))


@dataclass(frozen=True)
class Answered:
    """The problem and its answer alone, as if it were worked out in the head.

    The answer is a result of every primitive of the derivation: it carries no loss if one of them is withheld.
    """

    surface: Surface = Compact()

    def __call__(self, problem: Problem) -> Document:
        body = self.surface.write(Trace((), problem.answer))
        primitives = dict.fromkeys(step.primitive.name for step in problem.proof)
        results = tuple(Result(1, name, len(spell(problem.answer))) for name in primitives)
        return Document(self.surface.prompt(problem), body, results, steps=len(problem.proof))


@dataclass(frozen=True)
class Listing(Checked):
    """The lines of a window without values, so the model learns to step and copy, not to compute.

    Listings longer than any solved problem rule out one cause of failure on deeper problems: that the model never wrote
    so many lines.
    """

    surface: Compact = Compact()

    def __call__(self, problem: Problem) -> Document:
        return Document(self.surface.listing_prompt(problem), self.surface.listing(problem), ())


@dataclass(frozen=True)
class Outline:
    """The problem and its solution, in which neither values of steps nor the answer carry loss.

    It takes the place of `Listing` in every surface, for problems of any length.
    """

    surface: Surface = Compact()

    def __call__(self, problem: Problem) -> Document:
        body = self.surface.solution(problem)
        masked = tuple(i for i, role in enumerate(self.surface.roles(body)) if role in ("execute", "answer"))
        return Document(self.surface.prompt(problem), body, (), masked=masked)


def shares_statements(write: Writer) -> bool:
    """True if the prompts of several questions about one program begin with the same words, its lines, as `Compact` writes them. Other
    surfaces, and other writers than those here, say so by an attribute `shares`."""
    if isinstance(write, Solved | Answered | Listing | Outline):
        return type(write.surface) is Compact or bool(getattr(write.surface, "shares", False))
    return bool(getattr(write, "shares", False))


def unsolved(surface: Surface) -> Writer:
    """The writer that teaches a surface's steps without results: `Listing` for `Compact`, else `Outline`."""
    return Listing(surface) if isinstance(surface, Compact) else Outline(surface)
