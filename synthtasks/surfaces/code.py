"""Problems as programs in Python, which runs them; a solution is a program that asserts every value."""

from dataclasses import dataclass

from synthtasks.domains import Value
from synthtasks.families.family import label
from synthtasks.primitives import MANY, Operation
from synthtasks.problem import Problem
from synthtasks.surfaces.equations import said_operand
from synthtasks.surfaces.surface import (
    NUMBERS,
    QUOTE,
    Role,
    before_text,
    ending,
    pieces,
    read,
    read_operand,
    read_operands,
    spell,
    spelled,
    unspell,
    vocabulary,
)
from synthtasks.trace import Assertion, Trace, Words, gold
from synthtasks.vocab import END, PAD, Vocab

STOP = ";"
ARITHMETIC = frozenset({"+", "-", "*"})  # taken modulo m
LOGIC = frozenset({"and", "or"})  # words that Python puts between operands
SIGNS = frozenset({"=", ":=", "==", "%", ":", ",", "(", ")", "{", "}", STOP, QUOTE})
RESERVED = SIGNS | {"m", "assert", "print", "table", "total", "answer", END, PAD}


@dataclass(frozen=True)
class Code:
    """`A = ( 5 + 3 ) % m ;` in the prompt, `assert ( A := ( 5 + 3 ) % m ) == 8 ;` in the solution.

    Joined by spaces, both run under Python, once the functions that they call are defined: primitives that are no
    arithmetic, by their symbols; `total`, which adds up; `table(function, entries)`, which changes a function somewhere.

    >>> from synthtasks import Dag, rng
    >>> p = Dag(steps=2, depth=2)(rng("example"))
    >>> " ".join(Code().prompt(p))
    'm = 10 ; A = ( B * 0 ) % m ; B = ( 2 - 6 ) % m ; print ( A )'
    >>> " ".join(Code().solution(p))
    'assert ( B := ( 2 - 6 ) % m ) == 6 ; assert ( A := ( B * 0 ) % m ) == 0 ; answer 0 <end>'
    """

    def prompt(self, problem: Problem) -> Words:
        """The program that computes what is asked, distractors and all."""
        words: list[str] = ["m", "=", str(problem.modulus), STOP]
        for symbol, meaning in problem.definitions:
            words += (symbol, "=", meaning, STOP)
        for given in problem.tables:
            entries = [word for operand, value in given.entries for word in (str(operand), ":", str(value), ",")]
            words += (given.symbol, "=", "table", "(", given.symbol, ",", "{", *entries[:-1], "}", ")", STOP)
        for step in problem.stated:
            symbol = "total" if step.primitive.arity == MANY else step.primitive.symbol
            words += (step.name, "=", *_expression(symbol, step.arguments), STOP)
        return (*words, "print", "(", problem.query, ")")

    def solution(self, problem: Problem) -> Words:
        """Every step of the proof with its value, and the answer."""
        return self.write(gold(problem))

    def write(self, trace: Trace) -> Words:
        """The steps of a trace and its answer.

        Raises:
            ValueError: if an assertion leaves an operand unsaid.
        """
        words: list[str] = []
        for a in trace.assertions:
            words += ("assert", "(", a.name, ":=", *_expression(a.operator, a.operands), ")", "==", *spell(a.value), STOP)
        return (*words, *trace.unread, *ending(trace.answer))

    def read(self, words: Words) -> Trace:
        """What a completion asserts. Total and linear: what is no such assertion, and what follows the last, is unread."""
        return read(words, pieces(words, STOP, _parse))

    def roles(self, words: Words) -> tuple[Role, ...]:
        """By position: up to the name is plan, the expression is copied, the value executed."""
        return tuple(role for piece in pieces(words, STOP, _parse) for role in piece.roles)

    def vocab(self, names: int, primitives: tuple[Operation, ...], modulus: int) -> Vocab:
        """Every word that problems of this size, and their solutions, can hold.

        Raises:
            ValueError: if the modulus is larger than the table of numbers.
        """
        said = (*(label(i) for i in range(names)), *(word for p in primitives for word in (p.symbol, p.name)))
        return vocabulary(tuple(sorted(RESERVED - {PAD, END})), said, spelled(primitives, modulus))


def _expression(symbol: str, operands: tuple[str | Value | None, ...]) -> Words:
    said = [said_operand(operand) for operand in operands]
    if len(said) == 2 and (symbol in LOGIC or not symbol.isidentifier()):
        return ("(", *said[0], symbol, *said[1], ")", *(("%", "m") if symbol in ARITHMETIC else ()))
    return (symbol, "(", *said[0], *(word for operand in said[1:] for word in (",", *operand)), ")")


def _name(word: str) -> bool:
    return word not in NUMBERS and word not in RESERVED


def _parse(words: Words, start: int) -> tuple[Assertion, int] | None:
    """`assert ( NAME := EXPRESSION ) == VALUE`."""
    if len(words) < 10 or words[:2] != ("assert", "(") or words[3] != ":=" or not _name(words[2]):
        return None
    at = len(words) - 1 if words[-2] == "==" else before_text(words)
    value = unspell(words[at:])
    if value is None or words[at - 2 : at] != (")", "=="):
        return None
    inner = words[4 : at - 2]
    operands: tuple[str | Value | None, ...]
    modular = inner[-2:] == ("%", "m")
    bare = inner[:-2] if modular else inner
    if len(bare) == 5 and bare[0] == "(" and bare[4] == ")":
        operator, operands = bare[2], (read_operand(bare[1:2], RESERVED), read_operand(bare[3:4], RESERVED))
        fits = (operator in LOGIC or not operator.isidentifier()) and modular == (operator in ARITHMETIC)
    elif len(bare) >= 4 and bare[1] == "(" and bare[-1] == ")":
        operator, operands = bare[0], read_operands(bare[2:-1], ",", RESERVED)
        fits = operator.isidentifier() and not modular and not (operator in LOGIC and len(operands) == 2)
    else:
        return None
    if not fits or not _name(operator) or None in operands:
        return None
    return Assertion(words[2], operator, operands, value, start + at, len(words) - at), 3
