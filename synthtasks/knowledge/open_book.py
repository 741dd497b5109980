"""A surface that puts an excerpt before the prompt."""

from dataclasses import dataclass

from synthtasks.checked import check
from synthtasks.knowledge.excerpts import Excerpt
from synthtasks.primitives import Operation
from synthtasks.problem import Problem
from synthtasks.surfaces import Compact, Surface
from synthtasks.surfaces.surface import Role
from synthtasks.trace import Trace, Words
from synthtasks.vocab import Vocab


@dataclass(frozen=True)
class OpenBook:
    """Another surface, with an excerpt before every prompt. Solutions are those of the other surface.

    >>> from synthtasks import Program, rng
    >>> p = Program(steps=2, lines=3)(rng("example"))
    >>> " ".join(OpenBook(Excerpt(facts=2)).prompt(p))
    ': 0 * 8 0 9 * 5 5 A - 6 B * 8 C - 0 run B to C from 0 :'
    """

    excerpt: Excerpt = Excerpt()
    surface: Surface = Compact()

    def __post_init__(self) -> None:
        check(self)

    def prompt(self, problem: Problem) -> Words:
        return (*self.excerpt(problem), *self.surface.prompt(problem))

    def solution(self, problem: Problem) -> Words:
        return self.surface.solution(problem)

    def write(self, trace: Trace) -> Words:
        return self.surface.write(trace)

    def read(self, words: Words) -> Trace:
        return self.surface.read(words)

    def roles(self, words: Words) -> tuple[Role, ...]:
        return self.surface.roles(words)

    def vocab(self, names: int, primitives: tuple[Operation, ...], modulus: int) -> Vocab:
        return self.surface.vocab(names, primitives, modulus)
