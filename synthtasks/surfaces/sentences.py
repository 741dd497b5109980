"""Surfaces whose completions are sentences, one for each step, and then the answer."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, NamedTuple

from synthtasks.domains import Value
from synthtasks.families.kit.family import labels
from synthtasks.primitives import Operation
from synthtasks.problem import Problem
from synthtasks.shown.notation import Operand as Operand
from synthtasks.shown.notation import operand_words
from synthtasks.surfaces.surface import NUMBERS, QUOTE, ROLES, Role, ending, sized, spelled, unspell
from synthtasks.trace import Assertion, Trace, Words, gold
from synthtasks.vocab import END, PAD, Vocab

PLAN, COPY, EXECUTE, ANSWER, META = ((role,) for role in ROLES)


class Sentences(ABC):
    """A surface that writes a step as a sentence, which ends with the word `stop`; the last words are the answer.

    A subclass writes the prompt, and writes and parses a sentence.
    """

    stop: ClassVar[str]
    reserved: ClassVar[frozenset[str]]  # words that are no names

    @abstractmethod
    def prompt(self, problem: Problem) -> Words:
        """The statements in their order, and the query."""

    @abstractmethod
    def sentence(self, assertion: Assertion) -> Words:
        """The sentence of a step, without the stop.

        Raises:
            ValueError: if the assertion leaves an operand implicit.
        """

    @abstractmethod
    def parse(self, words: Words, start: int) -> tuple[Assertion, int] | None:
        """The step that a sentence asserts, and how many of its words name the step; None if it asserts none.

        The sentence comes without its stop; `start` is the place of its first word in the completion.
        """

    def solution(self, problem: Problem) -> Words:
        """Every step of the proof with its value, and the answer."""
        return self.write(gold(problem))

    def write(self, trace: Trace) -> Words:
        """The steps of a trace and its answer.

        Raises:
            ValueError: if an assertion leaves an operand implicit.
        """
        sentences = (word for assertion in trace.assertions for word in (*self.sentence(assertion), self.stop))
        return (*sentences, *trace.unread, *ending(trace.answer))

    def read(self, words: Words) -> Trace:
        """The trace of a completion, in linear time. Any words can be read: those of no sentence and no final answer are unread."""
        assertions: list[Assertion] = []
        unread: list[str] = []
        answer: Value | None = None
        for piece in self._pieces(words):
            if piece.assertion is not None:
                assertions.append(piece.assertion)
            elif piece.answer is not None:
                answer = piece.answer
            else:
                unread += words[piece.start : piece.stop]
        return Trace(tuple(assertions), answer, tuple(unread))

    def roles(self, words: Words) -> tuple[Role, ...]:
        """Roles by position: the name of a step is planned, its operands are copied, its value is executed."""
        return tuple(role for piece in self._pieces(words) for role in piece.roles)

    def vocab(self, names: int, primitives: tuple[Operation, ...], modulus: int) -> Vocab:
        """All words of problems of this size and their solutions.

        Raises:
            ValueError: if there is no name or value, there are too many names, the modulus is larger than the table of
                numbers, there is no word for a name, or a symbol is a word that the surface reserves.
        """
        sized(names, modulus)
        if taken := [p.symbol for p in primitives if not (self.free(p.symbol) and self.free(self.sign(p.symbol)))]:
            raise ValueError(f"{type(self).__name__} reserves {' '.join(taken)}; give these primitives other symbols")
        frame = sorted(self.reserved - {PAD, END})
        nouns = (word for name in labels(names) for word in self.name(name))
        signs = (word for p in primitives for word in (*((p.symbol,) if p.arity != 2 else ()), self.sign(p.symbol), p.name))
        return Vocab(tuple(dict.fromkeys((PAD, END, *frame, *nouns, *signs, *spelled(primitives, modulus)))))

    def name(self, name: str) -> Words:
        """The words for the name of a step."""
        return (name,)

    def sign(self, symbol: str) -> str:
        """The word for a symbol."""
        return symbol

    def operand(self, operand: Operand) -> Words:
        """The words for an operand: the name of a step, or a value.

        Raises:
            ValueError: if the operand is implicit.
        """
        return self.name(operand) if isinstance(operand, str) else operand_words(operand)

    def listed(self, operands: tuple[Operand, ...], between: str) -> Words:
        """Operands, separated by the word `between`."""
        return tuple([word for operand in operands for word in (*self.operand(operand), between)][:-1])

    def free(self, word: str) -> bool:
        """True if a word can be a name or a symbol."""
        return word not in NUMBERS and word not in self.reserved

    def _pieces(self, words: Words) -> Iterator["Piece"]:
        i = 0
        while i < len(words):
            try:
                end = words.index(self.stop, i)
            except ValueError:
                break
            parsed = self.parse(words[i:end], i)
            yield Piece(i, end + 1) if parsed is None else Piece(i, end + 1, parsed[0], None, parsed[1])
            i = end + 1
        at = answer_at(words, i)
        if i < at:
            yield Piece(i, at)
        if at < len(words):
            yield Piece(at, len(words), None, unspell(words[at + 1 : -1]))


class Piece(NamedTuple):
    """A span of a completion: a step, the answer, or unread words."""

    start: int
    stop: int
    assertion: Assertion | None = None
    answer: Value | None = None
    plan: int = 0  # words that name the step

    @property
    def roles(self) -> tuple[Role, ...]:
        size = self.stop - self.start
        if self.assertion is not None:
            at, value = self.assertion.at - self.start, self.assertion.words
            return PLAN * self.plan + COPY * (at - self.plan) + EXECUTE * value + META * (size - at - value)
        if self.answer is not None:
            return PLAN + ANSWER * (size - 2) + META
        return META * size


def answer_at(words: Words, start: int) -> int:
    """The place, from `start` on, of the final answer of a completion; the end if there is none."""
    if words[-1:] != (END,):
        return len(words)
    at = next((i for i in range(len(words) - 3, start - 1, -1) if words[i] == "answer"), len(words))
    return at if at < len(words) and unspell(words[at + 1 : -1]) is not None else len(words)


def value_after(sign: str, words: Words) -> tuple[int, Value] | None:
    """The place of the value at the end of a sentence, which follows the word `sign`, and the value; None if there is none."""
    at = len(words) - 1
    if words[-1] == QUOTE:
        at = next((i for i in range(at - 1, 0, -1) if words[i] == QUOTE), at)
    value = unspell(words[at:])
    return None if value is None or words[at - 1] != sign else (at, value)


def read_operand(words: Words, reserved: frozenset[str]) -> str | Value | None:
    """The name or value that `words` spell; None if they spell neither."""
    if len(words) != 1:
        return unspell(words)
    word = words[0]
    return NUMBERS.get(word, None if word in reserved else word)


def read_operands(words: Words, between: str, reserved: frozenset[str]) -> tuple[str | Value | None, ...]:
    """Operands, separated by the word `between`."""
    operands: list[str | Value | None] = []
    start = 0
    for i, word in enumerate((*words, between)):
        if word == between:
            operands.append(read_operand(words[start:i], reserved))
            start = i + 1
    return tuple(operands)
