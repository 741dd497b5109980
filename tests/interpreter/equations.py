"""`modulo 10 ; A = 5 + 3 ; B : A , A ; B = ?`, continued by `A = 5 + 3 = 8 ; B = sum ( A , A ) = 6 ; answer 6 <end>`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.interpreter.process import Interpreter, Question, Said, Solution, Statement, Told, Words, spelled
from tests.interpreter.terms import NAME, NUMBER, SIGN, WORD, Application, Cursor, Unreadable, atom, flat, infix, value

EQUAL, MEANS, LETTERS = re.compile("="), re.compile("means"), re.compile("letters")


@dataclass(frozen=True)
class Preface:
    """What a prompt says before its first statement."""

    size: int
    meanings: dict[str, str]
    tables: dict[str, dict[int, int]]


def preface(at: Cursor, told: Told) -> Preface:
    """The size of the domain, what symbols mean, and what is stated of operations."""
    at.skip("letters" if at.sees(LETTERS) else "modulo")
    found = Preface(int(at.take(NUMBER)), dict(told.meanings), {})
    at.skip(";")
    while at.sees(WORD) and (at.sees(MEANS, 1) or at.sees(EQUAL, 4)):
        symbol = at.take(WORD)
        if at.takes("means"):
            found.meanings[symbol] = at.take(WORD)
        else:
            at.skip("(")
            operand = int(at.take(NUMBER))
            at.skip(")", "=")
            found.tables.setdefault(symbol, {})[operand] = int(at.take(NUMBER))
        at.skip(";")
    return found


def question(prompt: Words, told: Told) -> Question:
    """Statements in any order; an implicit quantity is the sum of those that belong to it."""
    at = Cursor(prompt)
    given = preface(at, told)
    statements: dict[str, Statement] = {}
    while True:
        name = at.take(NAME)
        if at.takes(":"):
            parts = [atom(at)]
            while at.takes(","):
                parts.append(atom(at))
            statements[name] = flat(Application("sum", tuple(parts)))
        else:
            at.skip("=")
            if at.takes("?"):
                break
            statements[name] = flat(infix(at))
        at.skip(";")
    assert at.done, prompt
    return Question(given.size, statements, name, given.meanings, given.tables)


def equations(at: Cursor) -> Iterator[Said]:
    """Up to the answer."""
    while not at.takes("answer"):
        name = at.take(NAME)
        at.skip("=")
        statement = flat(infix(at))
        at.skip("=")
        yield Said(name, statement.symbol, statement.operands, value(at))
        at.skip(";")


def solution(question: Question, completion: Words) -> Solution | None:
    """Equations, each with its value; and the answer."""
    at = Cursor(completion)
    try:
        steps = tuple(equations(at))
        answer = value(at)
        at.skip("<end>")
    except Unreadable:
        return None
    read = Solution(steps, answer)
    return read if at.done and INTERPRETER.written(read) == completion else None  # so a bracket too many is none


def sentence(said: Said) -> Words:
    """`A = 5 + 3 = 8 ;`, or `A = max ( 5 , 3 ) = 5 ;`."""
    operands = [(operand,) if isinstance(operand, str) else spelled(operand) for operand in said.operands]
    if SIGN.fullmatch(said.symbol) and len(operands) == 2:
        formula: Words = (*operands[0], said.symbol, *operands[1])
    else:
        formula = (said.symbol, "(", *operands[0], *(word for operand in operands[1:] for word in (",", *operand)), ")")
    return (said.name, "=", *formula, "=", *spelled(said.value), ";")


INTERPRETER = Interpreter(question, solution, sentence)
