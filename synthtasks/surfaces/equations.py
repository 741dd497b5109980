"""Problems as equations between named quantities; the solution adds the value to each."""

from dataclasses import dataclass
from typing import ClassVar

from synthtasks.problem import Problem
from synthtasks.shown import notation
from synthtasks.shown.notation import QUOTE, STOP
from synthtasks.surfaces.sentences import Operand, Sentences, read_operand, read_operands, value_after
from synthtasks.trace import Assertion, Words
from synthtasks.vocab import END, PAD

RESERVED = frozenset({"=", "?", ":", ",", "(", ")", ";", QUOTE, "modulo", "letters", "means", "answer", END, PAD})


@dataclass(frozen=True)
class Equations(Sentences):
    """`A = 5 + 3 ;` in the prompt, `A = 5 + 3 = 8 ;` in the solution. A primitive whose symbol is a word is called: `max ( A , 3 )`.

    >>> from synthtasks import Dag, rng
    >>> p = Dag(steps=3, depth=2, totals=0)(rng("example"))
    >>> " ".join(Equations().prompt(p))
    'modulo 10 ; A = 0 + 8 ; B = 2 - 6 ; C = B + A ; C = ?'
    >>> " ".join(Equations().solution(p))
    'B = 2 - 6 = 6 ; A = 0 + 8 = 8 ; C = B + A = 4 ; answer 4 <end>'
    """

    stop: ClassVar[str] = STOP
    reserved: ClassVar[frozenset[str]] = RESERVED
    explained: ClassVar[str] = (
        "Each statement defines a quantity, in any order: `A = B + 3` by an operation, `A : B , C` as the sum of the quantities listed. "
        "The last one, as in `A = ?`, asks for the value of a quantity."
    )

    def prompt(self, problem: Problem) -> Words:
        """The preface, the statements in their order, and the query."""
        return notation.prompt(problem, self.preface(problem), self.operand)

    def preface(self, problem: Problem) -> Words:
        """The modulus or the size of the alphabet, definitions, and tables."""
        return notation.preface(problem)

    def sentence(self, assertion: Assertion) -> Words:
        """`A = 5 + 3 = 8`."""
        return notation.sentence(assertion, self.operand)

    def parse(self, words: Words, start: int) -> tuple[Assertion, int] | None:
        """`NAME = OPERAND SYMBOL OPERAND = VALUE`, or `NAME = SYMBOL ( OPERAND , ... ) = VALUE`."""
        said = value_after("=", words) if len(words) >= 7 and words[1] == "=" and self.free(words[0]) else None
        if said is None:
            return None
        at, value = said
        inner = words[2 : at - 1]
        operands: tuple[Operand, ...]
        if len(inner) >= 4 and inner[1] == "(" and inner[-1] == ")":
            operator, operands = inner[0], read_operands(inner[2:-1], ",", RESERVED)
            fits = operator.isidentifier() or len(operands) != 2
        elif len(inner) == 3:
            operator, operands = inner[1], (read_operand(inner[:1], RESERVED), read_operand(inner[2:], RESERVED))
            fits = not operator.isidentifier()
        else:
            return None
        if not fits or not self.free(operator) or None in operands:
            return None
        return Assertion(words[0], operator, operands, value, start + at, len(words) - at), 1
