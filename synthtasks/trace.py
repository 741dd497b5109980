"""Traces: the assertions of a completion before they are judged, and the reference solution."""

from dataclasses import dataclass
from typing import NamedTuple

from synthtasks.domains import Value
from synthtasks.shown.posed import Posed

Words = tuple[str, ...]


class Assertion(NamedTuple):
    """One step of a completion: "`name` is `operator` of `operands`, which is `value`"."""

    name: str
    operator: str  # symbol
    operands: tuple[str | Value | None, ...]  # name of a step, value, or None for the running value
    value: Value
    at: int  # place in the completion of the value's first word
    words: int = 1  # of the value


@dataclass(frozen=True)
class Trace:
    """The content of a completion: assertions, answer, and the words that are neither."""

    assertions: tuple[Assertion, ...]
    answer: Value | None
    unread: Words = ()


def gold(problem: Posed) -> Trace:
    """The reference solution: the steps of the proof in order, and the answer. No assertion has a place yet (`at` is 0)."""
    values = problem.values
    assertions = tuple([Assertion(s.name, s.primitive.symbol, s.arguments, values[s.name], 0) for s in problem.proof])
    return Trace(assertions, problem.answer)
