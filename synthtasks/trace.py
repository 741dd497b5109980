"""Traces: what somebody said about a problem, before anybody judged it."""

from dataclasses import dataclass

Words = tuple[str, ...]


@dataclass(frozen=True)
class Assertion:
    """One step as it was written: "`name` is `operator` of `operands`, which is `value`"."""

    name: str
    operator: str  # the symbol
    operands: tuple[str | int | None, ...]  # a step's name, a number, or None: "what was just computed"
    value: int
    at: int  # which word of the completion is the value


@dataclass(frozen=True)
class Trace:
    """What a completion says. Words that say nothing are kept: a trace that has any is not a sound process."""

    assertions: tuple[Assertion, ...]
    answer: int | None
    unread: Words = ()
