"""Traces: what somebody said about a problem, before anybody judged it; and the reference solver's own."""

from dataclasses import dataclass
from typing import NamedTuple

from synthtasks.domains import Value
from synthtasks.problem import Problem

Words = tuple[str, ...]


class Assertion(NamedTuple):
    """One step as it was written: "`name` is `operator` of `operands`, which is `value`"."""

    name: str
    operator: str  # the symbol
    operands: tuple[str | Value | None, ...]  # a step's name, a value, or None: "what was just computed"
    value: Value
    at: int  # which word of the completion is the value, or its first
    words: int = 1  # how many the value has


@dataclass(frozen=True)
class Trace:
    """What a completion says. Words that say nothing are kept: a trace that has any is not a sound process."""

    assertions: tuple[Assertion, ...]
    answer: Value | None
    unread: Words = ()


def gold(problem: Problem) -> Trace:
    """The reference solution: every step of the proof, in order, and the answer. Not yet written: no assertion has a place."""
    values = problem.values
    assertions = tuple([Assertion(s.name, s.primitive.symbol, s.arguments, values[s.name], 0) for s in problem.proof])
    return Trace(assertions, problem.answer)
