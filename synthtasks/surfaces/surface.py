"""What a surface is, how values are spelled, and how completions that are made of sentences are read."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal, NamedTuple, Protocol

from synthtasks.domains import LETTERS, Texts, Value
from synthtasks.primitives import Operation, Primitive
from synthtasks.problem import Problem
from synthtasks.trace import Assertion, Trace, Words
from synthtasks.vocab import END, PAD, Vocab

Role = Literal["plan", "copy", "execute", "answer", "meta"]
"""What choosing a word decides: which step comes next (or that none does), what that step says, its value, the answer."""
ROLES: tuple[Role, ...] = ("plan", "copy", "execute", "answer", "meta")
PLAN, COPY, EXECUTE, ANSWER, META = ((role,) for role in ROLES)

NUMBERS = {str(n): n for n in range(1_000)}  # digits by table: no other spelling of a number is a number
QUOTE = '"'


class Surface(Protocol):
    """How problems are said. Prompt and solution are tuples of words; one word is one token."""

    def prompt(self, problem: Problem) -> Words: ...
    def solution(self, problem: Problem) -> Words: ...  # ends with `<end>`
    def write(self, trace: Trace) -> Words: ...  # any trace that says what its operands are
    def read(self, words: Words) -> Trace: ...  # total: a model's words are data, never an error
    def roles(self, words: Words) -> tuple[Role, ...]: ...  # one for each word of a completion
    def vocab(self, names: int, primitives: tuple[Operation, ...], modulus: int) -> Vocab: ...
    def __hash__(self) -> int: ...


def spell(value: Value) -> Words:
    """A number is one word; a text is its letters in quotes."""
    return (str(value),) if isinstance(value, int) else (QUOTE, *value, QUOTE)


def unspell(words: Words) -> Value | None:
    """The value that `words` spell; inverts `spell`. None if they spell none."""
    if len(words) == 1:
        return NUMBERS.get(words[0])
    if len(words) > 2 and words[0] == words[-1] == QUOTE and all(len(w) == 1 and w in LETTERS for w in words[1:-1]):
        return words[1:-1]
    return None


def spelled(values: tuple[Operation, ...], modulus: int) -> Words:
    """Every word that values of these primitives' domains, and the modulus, can hold.

    Raises:
        ValueError: if the modulus is larger than the table of numbers, or than the alphabet.
    """
    texts = any(isinstance(p, Primitive) and isinstance(p.domain, Texts) for p in values)
    if modulus > (len(LETTERS) if texts else len(NUMBERS)):
        raise ValueError(f"numbers go up to {len(NUMBERS) - 1}, letters to z; found modulus {modulus}")
    letters = (QUOTE, *LETTERS[:modulus]) if texts else ()
    return (*letters, *(str(n) for n in range(modulus)), str(modulus))


def before_text(words: Words) -> int:
    """The place where the text begins that ends `words`; 0 if none does."""
    if words[-1] != QUOTE:
        return 0
    return next((i for i in range(len(words) - 2, 0, -1) if words[i] == QUOTE), 0)


def read_operand(words: Words, reserved: frozenset[str]) -> str | Value | None:
    """The name or the value that `words` are; None if they are neither."""
    if len(words) == 1 and words[0] not in NUMBERS:
        return None if words[0] in reserved else words[0]
    return unspell(words)


def read_operands(words: Words, between: str, reserved: frozenset[str]) -> tuple[str | Value | None, ...]:
    """Operands with a word between each two."""
    operands: list[str | Value | None] = []
    start = 0
    for i, word in enumerate((*words, between)):
        if word == between:
            operands.append(read_operand(words[start:i], reserved))
            start = i + 1
    return tuple(operands)


class Piece(NamedTuple):
    """Some words of a completion, and what they say: a step, the answer, or nothing. (A million of them are made an hour.)"""

    start: int
    stop: int
    assertion: Assertion | None = None
    answer: Value | None = None
    plan: int = 0  # words that say which step this is

    @property
    def roles(self) -> tuple[Role, ...]:
        size = self.stop - self.start
        if self.assertion is not None:
            at, value = self.assertion.at - self.start, self.assertion.words
            return PLAN * self.plan + COPY * (at - self.plan) + EXECUTE * value + META * (size - at - value)
        if self.answer is not None:
            return PLAN + ANSWER * (size - 2) + META
        return META * size


Parse = Callable[[Words, int], tuple[Assertion, int] | None]
"""Of a sentence's words, and the place of its first: the step that it says, and how many words say which one."""


def pieces(words: Words, stop: str, parse: Parse) -> Iterator[Piece]:
    """A completion, sentence by sentence: each ends with the word `stop`, but the answer, which is the last thing said.

    Total and linear: what is neither a sentence nor a final answer says nothing.
    """
    i = 0
    while i < len(words):
        try:
            end = words.index(stop, i)
        except ValueError:
            break
        said = parse(words[i:end], i)
        yield Piece(i, end + 1) if said is None else Piece(i, end + 1, said[0], None, said[1])
        i = end + 1
    tail = words[i:]
    value = unspell(tail[1:-1]) if tail[:1] == ("answer",) and tail[-1:] == (END,) else None
    if tail:
        yield Piece(i, len(words), None, value)


def read(words: Words, found: Iterator[Piece]) -> Trace:
    """What the pieces say, together."""
    assertions: list[Assertion] = []
    unread: list[str] = []
    answer: Value | None = None
    for piece in found:
        if piece.assertion is not None:
            assertions.append(piece.assertion)
        elif piece.answer is not None:
            answer = piece.answer
        else:
            unread += words[piece.start : piece.stop]
    return Trace(tuple(assertions), answer, tuple(unread))


def ending(answer: Value | None) -> Words:
    """How every completion ends."""
    return (END,) if answer is None else ("answer", *spell(answer), END)


def vocabulary(*said: Words) -> Vocab:
    """A vocabulary of everything that is said, each word once."""
    return Vocab(tuple(dict.fromkeys((PAD, END, *(word for words in said for word in words)))))


def unplaced(trace: Trace) -> Trace:
    """The trace without the places of its words: what it says, however it is put."""
    return replace(trace, assertions=tuple(replace(a, at=0, words=1) for a in trace.assertions))
