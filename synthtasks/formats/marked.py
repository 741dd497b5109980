"""A surface with a word before the solution, which tells formats apart."""

from dataclasses import dataclass

from synthtasks.checked import check
from synthtasks.primitives import Operation
from synthtasks.problem import Problem
from synthtasks.surfaces import Compact, Surface
from synthtasks.surfaces.surface import Role
from synthtasks.trace import Trace, Words
from synthtasks.vocab import Vocab


@dataclass(frozen=True)
class Marked:
    """Another surface, with a mark before every solution. It writes `mark`, and reads past any one of `marks`, or none: so the judge is
    blind to formats, and a problem has a right completion in each.

    Marks are words of the other surface's vocabulary with which no step begins: a policy that was pretrained without them can learn them.

    >>> from synthtasks import Program, rng
    >>> p = Program(steps=2, lines=3)(rng("example"))
    >>> " ".join(Marked("list").solution(p))
    'list B * 8 0 C - 0 0 answer 0 <end>'
    >>> Marked("run").read(Marked("list").solution(p)).answer
    0

    Raises:
        ValueError: if two marks are equal, or it writes none of them.
    """

    mark: str
    marks: Words = ("run", "list")
    surface: Surface = Compact()

    def __post_init__(self) -> None:
        check(self)
        if self.mark not in self.marks or len(set(self.marks)) < len(self.marks):
            raise ValueError(f"Marked.mark is one of Marked.marks, which differ; found {self.mark!r} and {list(self.marks)}")

    def prompt(self, problem: Problem) -> Words:
        return self.surface.prompt(problem)

    def solution(self, problem: Problem) -> Words:
        return (self.mark, *self.surface.solution(problem))

    def write(self, trace: Trace) -> Words:
        return (self.mark, *self.surface.write(trace))

    def read(self, words: Words) -> Trace:
        """The trace behind the mark. Only the first word can be one."""
        if words[:1] and words[0] in self.marks:
            trace = self.surface.read(words[1:])
            return Trace(tuple([a._replace(at=a.at + 1) for a in trace.assertions]), trace.answer, trace.unread)
        return self.surface.read(words)

    def roles(self, words: Words) -> tuple[Role, ...]:
        """Roles of the other surface; a mark is meta."""
        marked = words[:1] and words[0] in self.marks
        return ("meta", *self.surface.roles(words[1:])) if marked else self.surface.roles(words)

    def vocab(self, names: int, primitives: tuple[Operation, ...], modulus: int) -> Vocab:
        """The vocabulary of the other surface.

        Raises:
            ValueError: if it lacks a mark.
        """
        vocab = self.surface.vocab(names, primitives, modulus)
        if missing := set(self.marks) - set(vocab.words):
            raise ValueError(f"marks are words that {self.surface} has already; found {sorted(missing)}")
        return vocab
