"""The parts of an instruction: how to read a problem, what its operations do, and what to reply."""

import inspect
from dataclasses import replace

from synthtasks.domains import LETTERS
from synthtasks.primitives import MANY, Given, Operation
from synthtasks.problem import Problem
from synthtasks.surfaces import Surface
from synthtasks.surfaces.sentences import Sentences
from synthtasks.trace import Words, gold

STOPS = (";", ".")  # end a line
ONE_ANSWER = "End with one last line, `answer VALUE`, and give no other answer."


def explained(problem: Problem, surface: Surface) -> str:
    """How to read a problem, its values and its operations. A surface explains itself by an attribute `explained`; without one it is left
    to the examples.

    Raises:
        ValueError: if an operation has no docstring.
    """
    texts, m = isinstance(problem.answer, tuple), problem.modulus
    numbers = f"Every value is a whole number from 0 to {m - 1}"
    letters = f'Every value is a text of the letters a to {LETTERS[m - 1] if texts else ""}, written with spaces and in quotes: `" a b "`'
    operations = dict.fromkeys(step.primitive for step in problem.steps)
    meanings = [f"- {_sign(operation, surface)}: {_meaning(operation)}" for operation in operations]
    stated = ["Where the problem states the value of an operation, that value holds."] if problem.tables else []
    rows = (f"Solve the problem. {getattr(surface, 'explained', '')}".strip(), f"{letters if texts else numbers}; m is {m}.")
    return "\n".join((*rows, "Operations:", *meanings, *stated))


def derivation(example: Problem, surface: Surface) -> str:
    """A request for the steps and the answer, with a step of an example as their form."""
    step = lines(surface.write(replace(gold(example), assertions=gold(example).assertions[-1:], answer=None))[:-1])
    return f"Reply with each step that the answer needs, in order, on a line like\n{step}\n{ONE_ANSWER}"


def lines(words: Words) -> str:
    """Words, with a line for each sentence."""
    return "".join(f"{word}\n" if word in STOPS else f"{word} " for word in words).strip()


def _sign(operation: Operation, surface: Surface) -> str:
    sign = surface.sign(operation.symbol) if isinstance(surface, Sentences) else operation.symbol
    return f"`{sign}`" + (" of any number of operands" if operation.arity == MANY else "")


def _meaning(operation: Operation) -> str:
    """The first paragraph of the docstring of the function that an operation applies.

    Raises:
        ValueError: if it has none.
    """
    if isinstance(operation, Given):
        return _meaning(operation.otherwise) if operation.otherwise else "The problem states its values."
    function = getattr(operation, "apply", operation)
    said = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
    if not said or not inspect.isroutine(function):
        name = getattr(function, "__name__", repr(function))
        raise ValueError(
            f"an instruction says what each operation does; give the function {name} of {operation.name!r} a docstring that does"
        )
    return said
