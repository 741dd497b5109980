"""Expression trees as one expression in brackets; the solution states their steps one by one."""

from dataclasses import dataclass
from typing import ClassVar

from synthtasks.families.kit.family import labels
from synthtasks.problem import Problem
from synthtasks.shown.notation import formula
from synthtasks.surfaces.equations import Equations
from synthtasks.surfaces.surface import spell
from synthtasks.trace import Words


@dataclass(frozen=True)
class Nested(Equations):
    """`( 8 + 2 ) - ( 8 + 1 ) = ?`, solved in `Equations`; steps are named in the order of evaluation, from left to right.

    >>> from synthtasks import Tree, rng
    >>> p = Tree(steps=3, depth=2)(rng("example"))
    >>> " ".join(Nested().prompt(p))
    'modulo 10 ; ( 0 + 8 ) + ( 2 + 8 ) = ?'
    >>> " ".join(Nested().solution(p))
    'A = 0 + 8 = 8 ; B = 2 + 8 = 0 ; C = A + B = 8 ; answer 8 <end>'
    """

    explained: ClassVar[str] = (
        "The expression is to be evaluated. Its steps, from left to right and the inner before the outer, are called A, B, C and so on."
    )

    def prompt(self, problem: Problem) -> Words:
        """The expression.

        Raises:
            ValueError: if the problem is no tree, has distractors, or names its steps in another order.
        """
        if not _is_tree(problem):
            raise ValueError("Nested writes trees (see Tree): steps A, B, C.. in the order of evaluation, each but the last used once")
        expressions: dict[str, Words] = {}
        for step in problem.steps:
            inner = formula(step.primitive.symbol, [expressions[a] if isinstance(a, str) else spell(a) for a in step.arguments])
            expressions[step.name] = inner if inner[0] == step.primitive.symbol else ("(", *inner, ")")
        expression = expressions[problem.query]
        return (*self.preface(problem), *(expression[1:-1] if expression[0] == "(" else expression), "=", "?")


def _is_tree(problem: Problem) -> bool:
    """True if every step but the query is used once, and steps are named A, B, C.. in the order of evaluation."""
    stack: list[str] = []  # steps that are not used yet
    for step in problem.steps:
        used = [a for a in step.arguments if isinstance(a, str)]
        first = len(stack) - len(used)
        if stack[first:] != used:
            return False
        stack[first:] = [step.name]
    return stack == [problem.query] and tuple(step.name for step in problem.steps) == labels(len(problem.steps))
