"""A second opinion: what prompts state and completions prove, understood from their words alone.

Nothing here is imported from the library that it checks: the arithmetic, the grammars and the rules of a right process are
written anew, so that a mistake would have to be made twice, and in the same way, to go unnoticed.
"""

from collections.abc import Mapping

from tests.interpreter import code, compact, equations, nested, story
from tests.interpreter.process import Interpreter, Told

INTERPRETERS: Mapping[str, Interpreter] = {
    "Compact": compact.INTERPRETER,
    "Equations": equations.INTERPRETER,
    "Code": code.INTERPRETER,
    "Story": story.INTERPRETER,
    "Nested": nested.INTERPRETER,
}
"""By what the surface is called."""

__all__ = ["INTERPRETERS", "Interpreter", "Told"]
