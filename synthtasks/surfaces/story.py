"""Problems as stories: every quantity is a number of things at a place, in one of several contexts."""

from dataclasses import dataclass

from synthtasks.domains import Value
from synthtasks.families.family import label
from synthtasks.primitives import MANY, Operation
from synthtasks.problem import Problem
from synthtasks.surfaces.contexts import ZOO, Context
from synthtasks.surfaces.surface import (
    NUMBERS,
    QUOTE,
    Role,
    before_text,
    ending,
    pieces,
    read,
    spell,
    spelled,
    unspell,
    vocabulary,
)
from synthtasks.trace import Assertion, Trace, Words, gold
from synthtasks.vocab import END, PAD, Vocab

STOP = "."
SIGNS = {"+": "plus", "-": "minus", "*": "times"}
SYMBOLS = {word: sign for sign, word in SIGNS.items()}
FRAME = ("count", "modulo", "with", "letters", "means", "is", "how", "many", "are", "the", "of", "all", "and", "so", "answer", "?")
RESERVED = frozenset({*FRAME, STOP, QUOTE, END, PAD})


@dataclass(frozen=True)
class Story:
    """`the bears in the jungle are the lions in the meadow plus 3 .`, and in the solution `... plus 3 so 8 .`

    The same problem in another context is another story with the same solution, word for word but for the nouns.

    >>> from synthtasks import Dag, rng
    >>> p = Dag(steps=1, depth=1)(rng("example"))
    >>> " ".join(Story().prompt(p))
    'count modulo 10 . the lions in the meadow are 2 minus 6 . how many are the lions in the meadow ?'
    >>> " ".join(Story().solution(p))
    'the lions in the meadow are 2 minus 6 so 6 . answer 6 <end>'
    """

    context: Context = ZOO

    def prompt(self, problem: Problem) -> Words:
        """What is given, every statement in its order, and the question.

        Raises:
            ValueError: if a step's name is none of a family's, so that the context has no word for it.
        """
        texts = isinstance(problem.answer, tuple)
        words = ["count", *(("with", str(problem.modulus), "letters") if texts else ("modulo", str(problem.modulus))), STOP]
        for symbol, meaning in problem.definitions:
            words += (symbol, "means", meaning, STOP)
        for table in problem.tables:
            for operand, value in table.entries:
                words += ("the", table.symbol, "of", str(operand), "is", str(value), STOP)
        for step in problem.stated:
            total = step.primitive.arity == MANY
            formula = ("all", "of", *self._list(step.arguments)) if total else self._formula(step.primitive.symbol, step.arguments)
            words += (*self._name(step.name), "are", *formula, STOP)
        return (*words, "how", "many", "are", *self._name(problem.query), "?")

    def solution(self, problem: Problem) -> Words:
        """Every step of the proof with its value, and the answer."""
        return self.write(gold(problem))

    def write(self, trace: Trace) -> Words:
        """The steps of a trace and its answer.

        Raises:
            ValueError: if an assertion leaves an operand unsaid, or the context has no word for a name.
        """
        words: list[str] = []
        for a in trace.assertions:
            words += (*self._name(a.name), "are", *self._formula(a.operator, a.operands), "so", *spell(a.value), STOP)
        return (*words, *trace.unread, *ending(trace.answer))

    def read(self, words: Words) -> Trace:
        """What a completion asserts. Total and linear: a sentence that says no step, and what follows the last, is unread."""
        return read(words, pieces(words, STOP, self._parse))

    def roles(self, words: Words) -> tuple[Role, ...]:
        """By position: up to the noun of the step is plan, what it is of is copied, the number is executed."""
        return tuple(role for piece in pieces(words, STOP, self._parse) for role in piece.roles)

    def vocab(self, names: int, primitives: tuple[Operation, ...], modulus: int) -> Vocab:
        """Every word that problems of this size, and their solutions, can hold.

        Raises:
            ValueError: if the modulus is larger than the table of numbers, or there are more names than quantities.
        """
        nouns = tuple(word for i in range(names) for word in self._name(label(i)))
        said = tuple(SIGNS.get(word, word) for p in primitives for word in (p.symbol, p.name))
        return vocabulary(tuple(sorted(RESERVED - {PAD, END})), nouns, said, spelled(primitives, modulus))

    def _name(self, name: str) -> Words:
        return ("the", *self.context.words(name))

    def _operand(self, operand: str | Value | None) -> Words:
        if operand is None:
            raise ValueError("this trace leaves an operand unsaid (it was read from Compact); only Compact can write it")
        return self._name(operand) if isinstance(operand, str) else spell(operand)

    def _list(self, operands: tuple[str | Value | None, ...]) -> Words:
        first, *rest = operands
        return (*self._operand(first), *(word for operand in rest for word in ("and", *self._operand(operand))))

    def _formula(self, symbol: str, operands: tuple[str | Value | None, ...]) -> Words:
        if len(operands) == 2 and not symbol.isidentifier():
            return (*self._operand(operands[0]), SIGNS.get(symbol, symbol), *self._operand(operands[1]))
        return ("the", symbol, "of", *self._list(operands))

    def _parse(self, words: Words, start: int) -> tuple[Assertion, int] | None:
        """`NAME are OPERAND SIGN OPERAND so VALUE`, or `NAME are the SYMBOL of OPERAND and OPERAND ... so VALUE`."""
        name, i = self._read_name(words, 0)
        if name is None or words[i : i + 1] != ("are",):
            return None
        at = len(words) - 1 if words[-2] == "so" else before_text(words)
        value = unspell(words[at:])
        if value is None or words[at - 1] != "so":
            return None
        said = self._read_formula(words[i + 1 : at - 1])
        if said is None:
            return None
        return Assertion(name, said[0], said[1], value, start + at, len(words) - at), i

    def _read_formula(self, words: Words) -> tuple[str, tuple[str | Value, ...]] | None:
        """The symbol and its operands."""
        first, i = self._read_operand(words, 0)
        if first is not None and i < len(words):
            second, end = self._read_operand(words, i + 1)
            symbol = SYMBOLS.get(words[i], words[i])
            if second is None or end != len(words) or symbol.isidentifier() or words[i] in SIGNS or not self._free(words[i]):
                return None
            return symbol, (first, second)
        if words[:1] != ("the",) or words[2:3] != ("of",) or not (words[1].isidentifier() and self._free(words[1])):
            return None
        operands: list[str | Value] = []
        i = 2
        while i < len(words) and words[i] == ("and" if operands else "of"):
            operand, i = self._read_operand(words, i + 1)
            if operand is None:
                return None
            operands.append(operand)
        return (words[1], tuple(operands)) if i == len(words) else None

    def _free(self, word: str) -> bool:
        """Whether a word can be a symbol. Some gates are called like words of the frame; their place tells them apart."""
        return word not in NUMBERS and (word not in RESERVED or word == "and") and word not in self.context.kinds

    def _read_operand(self, words: Words, i: int) -> tuple[str | Value | None, int]:
        """The operand that begins at i, and where it ends; None if none does."""
        if words[i : i + 1] == (QUOTE,):
            try:
                end = words.index(QUOTE, i + 1) + 1
            except ValueError:
                return None, i
            return unspell(words[i:end]), end
        if i < len(words) and words[i] in NUMBERS:
            return NUMBERS[words[i]], i + 1
        return self._read_name(words, i)

    def _read_name(self, words: Words, i: int) -> tuple[str | None, int]:
        """The name that begins at i, and where it ends."""
        kind, end = i + 1, i + 3 + len(self.context.where)
        inner, place = words[kind + 1 : end - 1], words[end - 1 : end]
        if words[i : i + 1] != ("the",) or inner != self.context.where or place == () or place[0] not in self.context.places:
            return None, i
        return (self.context.name_of(words[kind], place[0]) if words[kind] in self.context.kinds else None), end
