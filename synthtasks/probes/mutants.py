"""Mutants: solutions with one deliberate mistake, which the judge must refuse. A mutant always differs from the solution."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from synthtasks.checked import one_of
from synthtasks.domains import LETTERS, Value
from synthtasks.families.kit.graphs import Draws
from synthtasks.problem import Problem
from synthtasks.surfaces.surface import Surface
from synthtasks.trace import Assertion, Trace, Words, gold
from synthtasks.vocab import Vocab

Slipped = Literal[
    "operator", "operand", "value", "dropped", "duplicated", "surplus", "reordered", "query", "answer", "truncated", "inserted", "replaced"
]
KINDS: tuple[Slipped, ...] = get_args(Slipped)
"""A wrong operator, operand or value of a step; a step dropped, repeated, beside the proof, or before one that it depends on;
the solution of another query, another answer; a truncated completion, a word inserted, a word replaced."""


@dataclass(frozen=True)
class Mutant:
    """A completion with one mistake."""

    kind: Slipped
    words: Words


def mutant(kind: Slipped, problem: Problem, surface: Surface, vocab: Vocab, g: np.random.Generator) -> Mutant | None:
    """A random mistake of this kind; None if the problem allows none (a single step cannot be out of order).

    Raises:
        ValueError: if there is no such kind.
    """
    one_of("kind", kind, KINDS)
    draws = Draws(g)
    solution = surface.solution(problem)
    words: Words | None
    if kind in ("truncated", "inserted", "replaced"):
        words = _word(kind, solution, vocab, draws)
    else:
        slipped = MISTAKES[kind](problem, gold(problem), draws)
        words = None if slipped is None else surface.write(slipped)
    return None if words is None or words == solution else Mutant(kind, words)


def _word(kind: str, solution: Words, vocab: Vocab, draws: Draws) -> Words:
    at = draws.below(len(solution))
    other = (vocab.words[draws.below(len(vocab))],)
    if kind == "truncated":
        return solution[:at]
    return solution[:at] + other + solution[at + (kind == "replaced") :]


def _other(value: Value, problem: Problem, draws: Draws) -> Value:
    """Another value of the same domain."""
    if isinstance(value, int):
        return (value + 1 + draws.below(problem.modulus - 1)) % problem.modulus
    at = draws.below(len(value))
    letter = LETTERS[(LETTERS.index(value[at]) + 1 + draws.below(problem.modulus - 1)) % problem.modulus]
    return (*value[:at], letter, *value[at + 1 :])


def _changed(trace: Trace, at: int, assertion: Assertion) -> Trace:
    return replace(trace, assertions=(*trace.assertions[:at], assertion, *trace.assertions[at + 1 :]))


def _operator(problem: Problem, trace: Trace, draws: Draws) -> Trace | None:
    at = draws.below(len(trace.assertions))
    wrong = trace.assertions[at]
    symbols = sorted({s.primitive.symbol for s in problem.steps if len(s.arguments) == len(wrong.operands)} - {wrong.operator})
    return _changed(trace, at, wrong._replace(operator=symbols[draws.below(len(symbols))])) if symbols else None


def _operand(problem: Problem, trace: Trace, draws: Draws) -> Trace | None:
    at = draws.below(len(trace.assertions))
    wrong = trace.assertions[at]
    which = len(wrong.operands) - 1 - draws.below(len(wrong.operands))
    old = wrong.operands[which]
    names = [step.name for step in problem.steps if step.name not in (old, wrong.name)]
    if isinstance(old, str) and not names:
        return None
    new = names[draws.below(len(names))] if isinstance(old, str) else None if old is None else _other(old, problem, draws)
    return _changed(trace, at, wrong._replace(operands=(*wrong.operands[:which], new, *wrong.operands[which + 1 :])))


def _value(problem: Problem, trace: Trace, draws: Draws) -> Trace | None:
    at = draws.below(len(trace.assertions))
    wrong = trace.assertions[at]
    return _changed(trace, at, wrong._replace(value=_other(wrong.value, problem, draws)))


def _dropped(problem: Problem, trace: Trace, draws: Draws) -> Trace | None:
    at = draws.below(len(trace.assertions))
    return replace(trace, assertions=trace.assertions[:at] + trace.assertions[at + 1 :])


def _inserted(trace: Trace, assertion: Assertion, draws: Draws) -> Trace:
    at = draws.below(len(trace.assertions) + 1)
    return replace(trace, assertions=(*trace.assertions[:at], assertion, *trace.assertions[at:]))


def _duplicated(problem: Problem, trace: Trace, draws: Draws) -> Trace | None:
    if problem.surplus == "allowed":
        return None
    return _inserted(trace, trace.assertions[draws.below(len(trace.assertions))], draws)


def _surplus(problem: Problem, trace: Trace, draws: Draws) -> Trace | None:
    """A true step that the answer does not depend on."""
    asserted = {a.name for a in trace.assertions}
    distractors = [step for step in problem.steps if step.name not in asserted]
    if problem.surplus == "allowed" or not distractors:
        return None
    step = distractors[draws.below(len(distractors))]
    return _inserted(trace, Assertion(step.name, step.primitive.symbol, step.arguments, problem.values[step.name], 0), draws)


def _reordered(problem: Problem, trace: Trace, draws: Draws) -> Trace | None:
    """A step before one that it depends on."""
    places = {a.name: i for i, a in enumerate(trace.assertions)}
    pairs = [(places[b], i) for i, a in enumerate(trace.assertions) for b in a.operands if isinstance(b, str)]
    if not pairs:
        return None
    before, after = pairs[draws.below(len(pairs))]
    steps = list(trace.assertions)
    steps.insert(before, steps.pop(after))
    return replace(trace, assertions=tuple(steps))


def _query(problem: Problem, trace: Trace, draws: Draws) -> Trace | None:
    """The solution of another query: an earlier step of the proof."""
    if len(trace.assertions) < 2:
        return None
    ends = draws.below(len(trace.assertions) - 1) + 1
    return Trace(trace.assertions[:ends], trace.assertions[ends - 1].value)


def _answer(problem: Problem, trace: Trace, draws: Draws) -> Trace | None:
    return replace(trace, answer=_other(problem.answer, problem, draws))


MISTAKES: dict[str, Callable[[Problem, Trace, Draws], Trace | None]] = {
    mistake.__name__.removeprefix("_"): mistake
    for mistake in (_operator, _operand, _value, _dropped, _duplicated, _surplus, _reordered, _query, _answer)
}
