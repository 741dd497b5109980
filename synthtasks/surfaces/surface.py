"""The protocol of surfaces, and the spelling of values."""

from dataclasses import replace
from typing import ClassVar, Literal, Protocol, TypeGuard, get_args

import numpy as np
from numpy.typing import NDArray

from synthtasks.domains import LETTERS, Texts, Value
from synthtasks.families.kit.programs import Programs
from synthtasks.primitives import Operation, Primitive
from synthtasks.problem import Problem
from synthtasks.shown.notation import QUOTE as QUOTE
from synthtasks.shown.notation import ending as ending
from synthtasks.shown.notation import spell as spell
from synthtasks.trace import Trace, Words
from synthtasks.vocab import Vocab

Role = Literal["plan", "copy", "execute", "answer", "meta"]
"""Roles of words: plan names the next step or begins the answer, copy restates a step, execute gives its value, answer gives the
answer, meta is the rest."""
ROLES: tuple[Role, ...] = get_args(Role)

Tokens = NDArray[np.int64]

NUMBERS = {str(n): n for n in range(1_000)}  # by word: no other spelling of a number is accepted


class Surface(Protocol):
    """A format of problems and solutions as tuples of words; one word is one token."""

    def prompt(self, problem: Problem) -> Words: ...
    def solution(self, problem: Problem) -> Words: ...  # ends with `<end>`
    def write(self, trace: Trace) -> Words: ...  # any trace without implicit operands
    def read(self, words: Words) -> Trace: ...  # never raises: words of a model are data
    def roles(self, words: Words) -> tuple[Role, ...]: ...  # one for each word of a completion
    def vocab(self, names: int, primitives: tuple[Operation, ...], modulus: int) -> Vocab: ...
    def __hash__(self) -> int: ...


class AtOnce(Surface, Protocol):
    """A surface that also writes many programs at once as tokens of a vocabulary, one row a program."""

    answer_words: ClassVar[int]  # the last words of a completion: they alone say its answer, in one spelling

    def prompts(self, programs: Programs, vocab: Vocab) -> Tokens: ...  # [P, S], each `vocab.encode(prompt(p))`
    def solutions(self, programs: Programs, vocab: Vocab) -> Tokens: ...  # [P, T]


def at_once(surface: Surface) -> TypeGuard[AtOnce]:
    """True if the class of the surface itself declares `answer_words`: a class that inherits them may write or read otherwise."""
    return "answer_words" in vars(type(surface))


def sized(names: int, modulus: int) -> None:
    """Check the size of a vocabulary.

    Raises:
        ValueError: if there is no name, or fewer than two values.
    """
    if names < 1 or modulus < 2:
        raise ValueError(f"a vocabulary is for at least one name and a modulus of at least 2; found {names} and {modulus}")


def unspell(words: Words) -> Value | None:
    """The value that `words` spell, or None; inverts `spell`."""
    if len(words) == 1:
        return NUMBERS.get(words[0])
    if len(words) > 2 and words[0] == words[-1] == QUOTE and all(len(w) == 1 and w in LETTERS for w in words[1:-1]):
        return words[1:-1]
    return None


def spelled(primitives: tuple[Operation, ...], modulus: int) -> Words:
    """All words of the modulus and of values in the domains of these primitives.

    Raises:
        ValueError: if the modulus is larger than the table of numbers, or than the alphabet.
    """
    texts = any(isinstance(p, Primitive) and isinstance(p.domain, Texts) for p in primitives)
    if modulus > (len(LETTERS) if texts else len(NUMBERS)):
        raise ValueError(f"numbers go up to {len(NUMBERS) - 1}, letters to z; found modulus {modulus}")
    letters = (QUOTE, *LETTERS[:modulus]) if texts else ()
    return (*letters, *(str(n) for n in range(modulus)), str(modulus))


def unplaced(trace: Trace) -> Trace:
    """The trace without the places of its words, to compare traces from different surfaces."""
    return replace(trace, assertions=tuple(a._replace(at=0, words=1) for a in trace.assertions))
