"""Problems as executable Python programs; a solution is a program that asserts every value."""

from dataclasses import dataclass
from typing import ClassVar

from synthtasks.primitives import MANY
from synthtasks.problem import Problem
from synthtasks.surfaces.sentences import Operand, Sentences, read_operand, read_operands, value_after
from synthtasks.surfaces.surface import QUOTE, spell
from synthtasks.trace import Assertion, Words
from synthtasks.vocab import END, PAD

ARITHMETIC = frozenset({"+", "-", "*"})  # taken modulo m
LOGIC = frozenset({"and", "or"})  # words that Python puts between operands
SIGNS = frozenset({"=", ":=", "==", "%", ":", ",", "(", ")", "{", "}", ";", QUOTE})
RESERVED = SIGNS | {"m", "assert", "print", "table", "total", "answer", END, PAD}


@dataclass(frozen=True)
class Code(Sentences):
    """`A = ( 5 + 3 ) % m ;` in the prompt, `assert ( A := ( 5 + 3 ) % m ) == 8 ;` in the solution.

    Joined by spaces, prompt and then solution run under Python if statements are in topological order and these functions
    are defined: primitives other than arithmetic, by their symbols; `total`, which adds its arguments modulo m; and
    `table(function, entries)`, which overrides a function at the entries.

    >>> from synthtasks import Dag, rng
    >>> p = Dag(steps=2, depth=2, order="topological")(rng("example"))
    >>> " ".join(Code().prompt(p))
    'm = 10 ; B = ( 2 - 6 ) % m ; A = ( B * 0 ) % m ; print ( A )'
    >>> " ".join(Code().solution(p))
    'assert ( B := ( 2 - 6 ) % m ) == 6 ; assert ( A := ( B * 0 ) % m ) == 0 ; answer 0 <end>'
    """

    stop: ClassVar[str] = ";"
    reserved: ClassVar[frozenset[str]] = RESERVED
    explained: ClassVar[str] = (
        "The problem is a Python program, whose statements may come in any order; it prints the value asked for. `total` adds its "
        "arguments modulo m, and `table(f, {a : b})` is the function f, except that its value at a is b."
    )

    def prompt(self, problem: Problem) -> Words:
        """The program that computes the query, distractors included."""
        words: list[str] = ["m", "=", str(problem.modulus), self.stop]
        for symbol, meaning in problem.definitions:
            words += (symbol, "=", meaning, self.stop)
        for given in problem.tables:
            entries = [word for operand, value in given.entries for word in (str(operand), ":", str(value), ",")]
            words += (given.symbol, "=", "table", "(", given.symbol, ",", "{", *entries[:-1], "}", ")", self.stop)
        for step in problem.stated:
            symbol = "total" if step.primitive.arity == MANY else step.primitive.symbol
            words += (step.name, "=", *self._expression(symbol, step.arguments), self.stop)
        return (*words, "print", "(", problem.query, ")")

    def sentence(self, assertion: Assertion) -> Words:
        """`assert ( A := ( 5 + 3 ) % m ) == 8`."""
        expression = self._expression(assertion.operator, assertion.operands)
        return ("assert", "(", assertion.name, ":=", *expression, ")", "==", *spell(assertion.value))

    def parse(self, words: Words, start: int) -> tuple[Assertion, int] | None:
        """`assert ( NAME := EXPRESSION ) == VALUE`."""
        if len(words) < 10 or words[:2] != ("assert", "(") or words[3] != ":=" or not self.free(words[2]):
            return None
        said = value_after("==", words)
        if said is None or words[said[0] - 2] != ")":
            return None
        at, value = said
        inner = words[4 : at - 2]
        operands: tuple[Operand, ...]
        modular = inner[-2:] == ("%", "m")
        bare = inner[:-2] if modular else inner
        if len(bare) == 5 and bare[0] == "(" and bare[4] == ")":
            operator, operands = bare[2], (read_operand(bare[1:2], RESERVED), read_operand(bare[3:4], RESERVED))
            fits = (operator in LOGIC or not operator.isidentifier()) and modular == (operator in ARITHMETIC)
        elif len(bare) >= 4 and bare[1] == "(" and bare[-1] == ")":
            operator, operands = bare[0], read_operands(bare[2:-1], ",", RESERVED)
            fits = not modular and (len(operands) != 2 or (operator.isidentifier() and operator not in LOGIC))
        else:
            return None
        if not fits or not self.free(operator) or None in operands:
            return None
        return Assertion(words[2], operator, operands, value, start + at, len(words) - at), 3

    def _expression(self, symbol: str, operands: tuple[Operand, ...]) -> Words:
        if len(operands) == 2 and (symbol in LOGIC or not symbol.isidentifier()):
            return ("(", *self.listed(operands, symbol), ")", *(("%", "m") if symbol in ARITHMETIC else ()))
        return (symbol, "(", *self.listed(operands, ","), ")")
