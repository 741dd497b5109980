"""`modulo 10 ; ( 8 + 2 ) - ( 8 + 1 ) = ?`, solved in equations whose names are given from left to right, innermost first."""

from tests.interpreter import equations
from tests.interpreter.equations import preface
from tests.interpreter.process import Interpreter, Operand, Question, Statement, Told, Words
from tests.interpreter.terms import Application, Cursor, Term, infix

NAMES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def question(prompt: Words, told: Told) -> Question:
    """The expression, taken apart."""
    at = Cursor(prompt)
    given = preface(at, told)
    expression = infix(at)
    at.skip("=", "?")
    assert at.done, prompt
    statements: dict[str, Statement] = {}

    def name(term: Term) -> Operand:
        if not isinstance(term, Application):
            return term
        operands = tuple(name(operand) for operand in term.operands)
        called = NAMES[len(statements)]
        statements[called] = Statement(term.symbol, operands)
        return called

    return Question(given.size, statements, str(name(expression)), given.meanings, given.tables)


INTERPRETER = Interpreter(question, equations.solution, equations.sentence)
