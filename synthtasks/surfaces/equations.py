"""Problems as equations between named quantities; a solution states each with its value."""

from collections.abc import Sequence
from dataclasses import dataclass

from synthtasks.domains import Value
from synthtasks.families.family import label
from synthtasks.primitives import MANY, Operation
from synthtasks.problem import Problem, Step
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
RESERVED = frozenset({"=", "?", ":", ",", "(", ")", STOP, QUOTE, "modulo", "letters", "means", "answer", END, PAD})


@dataclass(frozen=True)
class Equations:
    """`A = 5 + 3 ;` in the prompt, `A = 5 + 3 = 8 ;` in the solution. A primitive whose symbol is a word is called: `max ( A , 3 )`.

    >>> from synthtasks import Dag, rng
    >>> p = Dag(steps=3, depth=2, totals=0)(rng("example"))
    >>> " ".join(Equations().prompt(p))
    'modulo 10 ; A = 0 + 8 ; B = 2 - 6 ; C = B + A ; C = ?'
    >>> " ".join(Equations().solution(p))
    'B = 2 - 6 = 6 ; A = 0 + 8 = 8 ; C = B + A = 4 ; answer 4 <end>'
    """

    def prompt(self, problem: Problem) -> Words:
        """What is given, every statement in its order, and the query."""
        words: list[str] = list(preface(problem))
        for step in problem.stated:
            words += (
                step.name,
                *(_total(step) if step.primitive.arity == MANY else ("=", *_said(step.primitive.symbol, step.arguments))),
                STOP,
            )
        return (*words, problem.query, "=", "?")

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
            words += (a.name, "=", *_said(a.operator, a.operands), "=", *spell(a.value), STOP)
        return (*words, *trace.unread, *ending(trace.answer))

    def read(self, words: Words) -> Trace:
        """What a completion asserts. Total and linear: a sentence that is no equation, and what follows the last, is unread."""
        return read(words, pieces(words, STOP, _parse))

    def roles(self, words: Words) -> tuple[Role, ...]:
        """By position: the same number is copied as an operand and computed as a value."""
        return tuple(role for piece in pieces(words, STOP, _parse) for role in piece.roles)

    def vocab(self, names: int, primitives: tuple[Operation, ...], modulus: int) -> Vocab:
        """Every word that problems of this size, and their solutions, can hold.

        Raises:
            ValueError: if the modulus is larger than the table of numbers.
        """
        said = (*(label(i) for i in range(names)), *(word for p in primitives for word in (p.symbol, p.name)))
        return vocabulary(tuple(sorted(RESERVED - {PAD, END})), said, spelled(primitives, modulus))


def preface(problem: Problem, stop: str = STOP) -> Words:
    """What a problem gives before its first statement: the modulus, or the size of the alphabet; definitions; tables."""
    words = ["letters" if isinstance(problem.answer, tuple) else "modulo", str(problem.modulus), stop]
    for symbol, meaning in problem.definitions:
        words += (symbol, "means", meaning, stop)
    for table in problem.tables:
        for operand, value in table.entries:
            words += (table.symbol, "(", str(operand), ")", "=", str(value), stop)
    return tuple(words)


def said_operand(operand: str | Value | None) -> Words:
    """A name as it is, a value as it is spelled.

    Raises:
        ValueError: if the operand is left unsaid.
    """
    if operand is None:
        raise ValueError("this trace leaves an operand unsaid (it was read from Compact); only Compact can write it")
    return (operand,) if isinstance(operand, str) else spell(operand)


def formula(symbol: str, operands: Sequence[Words]) -> Words:
    """A primitive applied to what was said: its symbol between two operands if it is a sign, before them if it is a word."""
    if len(operands) == 2 and not symbol.isidentifier():
        return (*operands[0], symbol, *operands[1])
    return (symbol, "(", *operands[0], *(word for operand in operands[1:] for word in (",", *operand)), ")")


def _said(symbol: str, operands: tuple[str | Value | None, ...]) -> Words:
    return formula(symbol, [(o,) if isinstance(o, str) else said_operand(o) for o in operands])


def _total(step: Step) -> Words:
    """What belongs to an implicit quantity; that it is their sum is for the solver to know."""
    words = [":"]
    for argument in step.arguments:
        words += (*said_operand(argument), ",")
    return tuple(words[:-1])


def _name(word: str) -> bool:
    return word not in NUMBERS and word not in RESERVED


def _parse(words: Words, start: int) -> tuple[Assertion, int] | None:
    """`NAME = OPERAND SYMBOL OPERAND = VALUE`, or `NAME = SYMBOL ( OPERAND , ... ) = VALUE`."""
    size = len(words)
    if size < 7 or words[1] != "=" or not _name(words[0]):
        return None
    at = size - 1 if words[-2] == "=" else before_text(words)
    value = NUMBERS.get(words[-1]) if at == size - 1 else unspell(words[at:])
    if value is None or words[at - 1] != "=":
        return None
    inner = words[2 : at - 1]
    operands: tuple[str | Value | None, ...]
    if len(inner) >= 4 and inner[1] == "(" and inner[-1] == ")":
        operator, operands = inner[0], read_operands(inner[2:-1], ",", RESERVED)
        fits = operator.isidentifier()
    elif len(inner) == 3:
        operator, operands = inner[1], (read_operand(inner[:1], RESERVED), read_operand(inner[2:], RESERVED))
        fits = not operator.isidentifier()
    else:
        return None
    if not fits or not _name(operator) or None in operands:
        return None
    return Assertion(words[0], operator, operands, value, start + at, size - at), 1
