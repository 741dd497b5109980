"""Documents in several formats, some of which are right more often than others."""

from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Annotated

from synthtasks.checked import Above, Checked, From, check
from synthtasks.corpora.documents import Document, Result
from synthtasks.domains import following
from synthtasks.formats.marked import Marked
from synthtasks.problem import Problem
from synthtasks.rng import rng
from synthtasks.surfaces import Compact, Surface
from synthtasks.trace import Trace, gold

ROUNDING = 1e-9  # by which shares may miss 1


@dataclass(frozen=True)
class Format(Checked):
    """A way of writing solutions."""

    surface: Surface
    share: Annotated[float, Above(0)]  # of documents
    right: Annotated[float, From(0, 1)]  # share of its documents that are right


@dataclass(frozen=True)
class Formatted:
    """The problem and a solution in one of some formats. The surfaces share a vocabulary, and their prompts say the same.

    A document that is not right derives rightly, and gives as its answer the value that follows the right one (of a number, the next one
    modulo the modulus): the judge refuses both answer and process, however long the solution. Chance picks format and error by the words of
    the prompt, so that equal problems have equal documents; programs that differ in a distractor are picked for independently.

    Raises:
        ValueError: if there is no format, or the shares do not sum to 1.
    """

    formats: tuple[Format, ...]

    def __post_init__(self) -> None:
        check(self)
        if abs(sum(f.share for f in self.formats) - 1) > ROUNDING:
            raise ValueError(f"Formatted.formats have shares that sum to 1; found {[f.share for f in self.formats]}")

    @property
    def shares(self) -> bool:
        """True if several questions can be asked about one statement: if each prompt is that of `Compact`."""
        return all(type(s.surface if type(s) is Marked else s) is Compact for s in (f.surface for f in self.formats))

    def __call__(self, problem: Problem) -> Document:
        prompt = self.formats[0].surface.prompt(problem)
        which, error = rng("format", " ".join(prompt)).random(2)
        ends = accumulate(f.share for f in self.formats)
        format = next((f for end, f in zip(ends, self.formats, strict=True) if which < end), self.formats[-1])
        body = format.surface.write(gold(problem) if error < format.right else slipped(problem))
        read = format.surface.read(body).assertions
        results = tuple(Result(a.at, problem.by_name[a.name].primitive.name, a.words) for a in read)
        return Document(prompt, body, results, steps=len(problem.proof))


def slipped(problem: Problem) -> Trace:
    """The reference solution with a wrong answer: the value that follows the right one."""
    return replace(gold(problem), answer=following(problem.answer, problem.modulus))
