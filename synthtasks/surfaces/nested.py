"""Expression trees asked for in one piece, with all their brackets; the solution takes them apart."""

from dataclasses import dataclass

from synthtasks.families.kit.family import labels
from synthtasks.problem import Problem, Step
from synthtasks.surfaces.equations import Equations, formula
from synthtasks.surfaces.surface import spell
from synthtasks.trace import Words


@dataclass(frozen=True)
class Nested(Equations):
    """`( 8 + 2 ) - ( 8 + 1 ) = ?`, solved in `Equations`, whose names are given from left to right, innermost first.

    >>> from synthtasks import Tree, rng
    >>> p = Tree(steps=3, depth=2)(rng("example"))
    >>> " ".join(Nested().prompt(p))
    'modulo 10 ; ( 0 + 8 ) + ( 2 + 8 ) = ?'
    >>> " ".join(Nested().solution(p))
    'A = 0 + 8 = 8 ; B = 2 + 8 = 0 ; C = A + B = 8 ; answer 8 <end>'
    """

    def prompt(self, problem: Problem) -> Words:
        """The expression.

        Raises:
            ValueError: if the problem is no tree, has steps beside it, or has other names: one expression could not say it.
        """
        if not _named_as_read(problem):
            raise ValueError("Nested writes trees (see Tree): steps A, B, C.. as they are read, each used once, but the last; this is none")
        said: dict[str, Words] = {}
        for step in problem.steps:
            said[step.name] = _brackets(step, said)
        expression = said[problem.query]
        return (*self.preface(problem), *(expression[1:-1] if expression[0] == "(" else expression), "=", "?")


def _named_as_read(problem: Problem) -> bool:
    """Whether every step but the query is used once, and they are called A, B, C.. from left to right, innermost first."""
    waiting: list[str] = []  # for their use
    for step in problem.steps:
        used = [a for a in step.arguments if isinstance(a, str)]
        first = len(waiting) - len(used)
        if waiting[first:] != used:
            return False
        waiting[first:] = [step.name]
    return waiting == [problem.query] and tuple(step.name for step in problem.steps) == labels(len(problem.steps))


def _brackets(step: Step, said: dict[str, Words]) -> Words:
    inner = formula(step.primitive.symbol, tuple(said[a] if isinstance(a, str) else spell(a) for a in step.arguments))
    return inner if inner[0] == step.primitive.symbol else ("(", *inner, ")")
