"""What a prompt states, what a completion says, and when that is a right, whole and exact process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from tests.interpreter.operations import OPERATIONS, SIGNS, Value

Words = tuple[str, ...]
Operand = str | Value
"""The name of a quantity, or a value."""


@dataclass(frozen=True)
class Told:
    """What a prompt may leave unsaid, and its reader has to know."""

    size: int  # of the domain
    meanings: Mapping[str, str]  # of symbols, as names of operations


@dataclass(frozen=True)
class Statement:
    """A quantity's definition."""

    symbol: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True)
class Question:
    """All that a prompt says."""

    size: int  # of the domain
    statements: Mapping[str, Statement]
    query: str
    meanings: Mapping[str, str]
    tables: Mapping[str, Mapping[int, int]]  # what it states of an operation, by symbol and operand

    def value(self, name: str) -> Value:
        """The true value of a quantity, from its definition."""
        if name not in self._known:
            statement = self.statements[name]
            self._known[name] = self.result(statement.symbol, tuple(self.value(o) if isinstance(o, str) else o for o in statement.operands))
        return self._known[name]

    def meaning(self, symbol: str) -> str:
        return self.meanings.get(symbol, SIGNS.get(symbol, symbol))

    def result(self, symbol: str, operands: tuple[Value, ...]) -> Value:
        """What an operation gives: what is stated of these operands, or else what it always does."""
        stated = self.tables.get(symbol, {})
        if len(operands) == 1 and isinstance(operands[0], int) and operands[0] in stated:
            return stated[operands[0]]
        return OPERATIONS[self.meaning(symbol)](operands, self.size)

    def behind(self, name: str) -> tuple[str, ...]:
        """The quantities that one depends on, and itself: each once, after those that it depends on."""
        found: dict[str, None] = {}

        def visit(at: str) -> None:
            if at not in found:
                for operand in self.statements[at].operands:
                    if isinstance(operand, str):
                        visit(operand)
                found[at] = None

        visit(name)
        return tuple(found)

    def said(self, name: str) -> "Said":
        """The truth about a quantity."""
        return Said(name, self.statements[name].symbol, self.statements[name].operands, self.value(name))

    @cached_property
    def _known(self) -> dict[str, Value]:
        return {}


@dataclass(frozen=True)
class Said:
    """One step of a completion."""

    name: str
    symbol: str
    operands: tuple[Operand, ...]
    value: Value


@dataclass(frozen=True)
class Solution:
    """A completion of which every word belongs to a step, to the answer or to the end."""

    steps: tuple[Said, ...]
    answer: Value


@dataclass(frozen=True)
class Interpreter:
    """How the prompts and completions of one surface are understood, and how steps are put in its words."""

    question: Callable[[Words, Told], Question]
    solution: Callable[[Question, Words], Solution | None]  # None: some words belong to nothing
    sentence: Callable[[Said], Words]

    def written(self, solution: Solution) -> Words:
        """The words of a solution."""
        words = tuple(word for said in solution.steps for word in self.sentence(said))
        return (*words, "answer", *spelled(solution.answer), "<end>")

    def accepts(self, question: Question, completion: Words, surplus: str) -> bool:
        """Whether a completion is a right, whole and exact process."""
        solution = self.solution(question, completion) if all(word.split() == [word] for word in completion) else None
        return solution is not None and right(question, solution, surplus)


def right(question: Question, solution: Solution, surplus: str) -> bool:
    """Whether each step is what the prompt states, with its true value, after what it uses; and none missing or idle."""
    needed = question.behind(question.query)
    done: list[str] = []
    for said in solution.steps:
        if said.name not in question.statements or said != question.said(said.name):
            return False
        if any(isinstance(operand, str) and operand not in done for operand in said.operands):
            return False
        done.append(said.name)
    if surplus == "refused" and sorted(done) != sorted(needed):
        return False
    return set(needed) <= set(done) and solution.answer == question.value(question.query)


def spelled(value: Value) -> Words:
    """A number is one word; a text is its letters in quotes."""
    return (f"{value:d}",) if isinstance(value, int) else ('"', *value, '"')
