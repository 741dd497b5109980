"""The grammar of terms: values, names, `max ( A , 3 )`, and `A + 3`, in brackets or not."""

import re
from dataclasses import dataclass

from tests.interpreter.operations import Value
from tests.interpreter.process import Operand, Statement, Words

NAME = re.compile("[A-Z][0-9]*", re.ASCII)
WORD = re.compile("[a-z][a-z0-9]*", re.ASCII)
NUMBER = re.compile("0|[1-9][0-9]{0,8}", re.ASCII)
LETTER = re.compile("[a-z]", re.ASCII)
SIGN = re.compile("[-+*]", re.ASCII)


class Unreadable(Exception):
    """Another word was expected."""


@dataclass(frozen=True)
class Application:
    """An operation, applied to values, names and other applications."""

    symbol: str
    operands: tuple["Term", ...]


Term = Operand | Application


class Cursor:
    """A place in some words."""

    def __init__(self, words: Words):
        self._words = words
        self._at = 0

    def sees(self, pattern: re.Pattern[str], ahead: int = 0) -> bool:
        """Whether the next word, or the one so many words later, is one of these."""
        return self._at + ahead < len(self._words) and pattern.fullmatch(self._words[self._at + ahead]) is not None

    def takes(self, word: str) -> bool:
        """Whether the next word is this one; then it is read."""
        if self._words[self._at : self._at + 1] != (word,):
            return False
        self._at += 1
        return True

    def take(self, pattern: re.Pattern[str]) -> str:
        """The next word, which must be one of these."""
        if not self.sees(pattern):
            raise Unreadable
        self._at += 1
        return self._words[self._at - 1]

    def skip(self, *words: str) -> None:
        """The next words must be these."""
        for word in words:
            if not self.takes(word):
                raise Unreadable

    @property
    def done(self) -> bool:
        return self._at == len(self._words)


def value(at: Cursor) -> Value:
    """A number, or letters in quotes."""
    if not at.takes('"'):
        return int(at.take(NUMBER))
    letters = [at.take(LETTER)]
    while not at.takes('"'):
        letters.append(at.take(LETTER))
    return tuple(letters)


def atom(at: Cursor) -> Term:
    """A value, a name, a function of terms, or a term in brackets."""
    if at.takes("("):
        term = infix(at)
        at.skip(")")
        return term
    if at.sees(NAME):
        return at.take(NAME)
    if not at.sees(WORD):
        return value(at)
    symbol = at.take(WORD)
    at.skip("(")
    operands = [atom(at)]
    while at.takes(","):
        operands.append(atom(at))
    at.skip(")")
    return Application(symbol, tuple(operands))


def infix(at: Cursor) -> Term:
    """One term, or two with a sign between them."""
    left = atom(at)
    return Application(at.take(SIGN), (left, atom(at))) if at.sees(SIGN) else left


def flat(term: Term) -> Statement:
    """An application to values and names alone."""
    if not isinstance(term, Application):
        raise Unreadable
    operands = tuple(operand for operand in term.operands if not isinstance(operand, Application))
    if len(operands) < len(term.operands):
        raise Unreadable
    return Statement(term.symbol, operands)
