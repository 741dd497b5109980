"""Problems and solutions in the words of equations. The surface `Equations` writes with these, and reads."""

from collections.abc import Callable, Sequence

from synthtasks.domains import Value
from synthtasks.primitives import MANY
from synthtasks.shown.posed import Applied, Posed
from synthtasks.trace import Assertion, Trace, Words
from synthtasks.vocab import END

QUOTE = '"'
STOP = ";"
Operand = str | Value | None


def spell(value: Value) -> Words:
    """The words of a value: a number is one word, a text its letters in quotes."""
    return (str(value),) if isinstance(value, int) else (QUOTE, *value, QUOTE)


def ending(answer: Value | None) -> Words:
    """The last words of a completion."""
    return (END,) if answer is None else ("answer", *spell(answer), END)


def operand_words(operand: Operand) -> Words:
    """The words of an operand: the name of a step, or a value.

    Raises:
        ValueError: if the operand is implicit.
    """
    if operand is None:
        raise ValueError("this trace leaves an operand implicit (it was read from Compact); only Compact can write it")
    return (operand,) if isinstance(operand, str) else spell(operand)


Write = Callable[[Operand], Words]


def formula(symbol: str, operands: Sequence[Words]) -> Words:
    """A primitive applied to operands: a sign stands between two operands, a word before them."""
    if len(operands) == 2 and not symbol.isidentifier():
        return (*operands[0], symbol, *operands[1])
    return (symbol, "(", *operands[0], *(word for operand in operands[1:] for word in (",", *operand)), ")")


def preface(problem: Posed) -> Words:
    """The modulus or the size of the alphabet, definitions, and tables."""
    words = ["letters" if isinstance(problem.answer, tuple) else "modulo", str(problem.modulus), STOP]
    for symbol, meaning in problem.definitions:
        words += (symbol, "means", meaning, STOP)
    for table in problem.tables:
        for operand, value in table.entries:
            words += (table.symbol, "(", str(operand), ")", "=", str(value), STOP)
    return tuple(words)


def prompt(problem: Posed, first: Words, write: Write = operand_words) -> Words:
    """The words `first`, the statements in their order, and the query."""
    statements = (word for step in problem.stated for word in (step.name, *_statement(step, write), STOP))
    return (*first, *statements, problem.query, "=", "?")


def sentence(assertion: Assertion, write: Write = operand_words) -> Words:
    """`A = 5 + 3 = 8`."""
    return (assertion.name, "=", *_applied(assertion.operator, assertion.operands, write), "=", *spell(assertion.value))


def placed(trace: Trace) -> tuple[Words, Trace]:
    """The words of a trace, and the trace as one reads it in them: each assertion knows the place of its value."""
    words: list[str] = []
    found = []
    for assertion in trace.assertions:
        words += sentence(assertion)
        size = len(spell(assertion.value))
        found.append(assertion._replace(at=len(words) - size, words=size))
        words.append(STOP)
    return (*words, *ending(trace.answer)), Trace(tuple(found), trace.answer)


def _statement(step: Applied, write: Write) -> Words:
    """A total lists its operands; the solver must know that it is their sum."""
    if step.primitive.arity == MANY:
        return (":", *tuple(word for operand in step.arguments for word in (*write(operand), ","))[:-1])
    return ("=", *_applied(step.primitive.symbol, step.arguments, write))


def _applied(symbol: str, operands: Sequence[Operand], write: Write) -> Words:
    return formula(symbol, [write(operand) for operand in operands])
