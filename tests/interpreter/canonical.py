"""What a question asks, whatever the names, the order and the distractors: to tell whether two prompts are one problem."""

from dataclasses import dataclass

from tests.interpreter.operations import COMMUTATIVE
from tests.interpreter.process import Question


@dataclass(frozen=True)
class Form:
    """A canonical form, and of how many different facts it is made."""

    text: str
    facts: int


def form(question: Question) -> Form:
    """The query, with every name replaced by its definition.

    Of a table only what is looked up counts, as the value that a step of one operand gives.
    """
    written: dict[str, str] = {}
    for name in question.behind(question.query):
        statement = question.statements[name]
        meaning = question.meaning(statement.symbol)
        operands = [written[operand] if isinstance(operand, str) else repr(operand) for operand in statement.operands]
        if meaning in COMMUTATIVE:
            operands.sort()
        gives = (repr(question.value(name)),) if len(operands) == 1 else ()
        written[name] = f"({' '.join((meaning, *operands, *gives))})"
    return Form(f"{question.size} {written[question.query]}", len(set(written.values())))
