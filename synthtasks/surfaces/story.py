"""Problems as stories: every quantity is a number of things at a place."""

from dataclasses import dataclass
from typing import ClassVar

from synthtasks.checked import check
from synthtasks.domains import Value
from synthtasks.primitives import MANY
from synthtasks.problem import Problem
from synthtasks.surfaces.contexts import ENDS, FRAME, ZOO, Context
from synthtasks.surfaces.sentences import Operand, Sentences, value_after
from synthtasks.surfaces.surface import NUMBERS, QUOTE, spell, unspell
from synthtasks.trace import Assertion, Words

SIGNS = {"+": "plus", "-": "minus", "*": "times"}
SYMBOLS = {word: sign for sign, word in SIGNS.items()}


@dataclass(frozen=True)
class Story(Sentences):
    """`the bears in the jungle are the lions in the meadow plus 3 .`, and in the solution `... plus 3 so 8 .`

    In another context, a problem is another story whose solution differs in the nouns alone.

    >>> from synthtasks import Dag, rng
    >>> p = Dag(steps=1, depth=1)(rng("example"))
    >>> " ".join(Story().prompt(p))
    'count modulo 10 . the lions in the meadow are 2 minus 6 . how many are the lions in the meadow ?'
    >>> " ".join(Story().solution(p))
    'the lions in the meadow are 2 minus 6 so 6 . answer 6 <end>'
    """

    stop: ClassVar[str] = "."
    reserved: ClassVar[frozenset[str]] = ENDS | frozenset(FRAME)

    explained: ClassVar[str] = (
        "The story says, in any order, how many things of each kind are at each place, and then asks for one of these counts. "
        "`all of X and Y` is the sum of the counts listed."
    )

    context: Context = ZOO

    def __post_init__(self) -> None:
        check(self)

    def prompt(self, problem: Problem) -> Words:
        """The modulus or alphabet, definitions and tables; the statements in their order; the question.

        Raises:
            ValueError: if the context has no words for the name of a step.
        """
        texts = isinstance(problem.answer, tuple)
        words = ["count", *(("with", str(problem.modulus), "letters") if texts else ("modulo", str(problem.modulus))), self.stop]
        for symbol, meaning in problem.definitions:
            words += (symbol, "means", meaning, self.stop)
        for table in problem.tables:
            for operand, value in table.entries:
                words += ("the", table.symbol, "of", str(operand), "is", str(value), self.stop)
        for step in problem.stated:
            total = step.primitive.arity == MANY
            formula = ("all", "of", *self.listed(step.arguments, "and")) if total else self._formula(step.primitive.symbol, step.arguments)
            words += (*self.name(step.name), "are", *formula, self.stop)
        return (*words, "how", "many", "are", *self.name(problem.query), "?")

    def sentence(self, assertion: Assertion) -> Words:
        """`the bears in the jungle are the lions in the meadow plus 3 so 8`."""
        formula = self._formula(assertion.operator, assertion.operands)
        return (*self.name(assertion.name), "are", *formula, "so", *spell(assertion.value))

    def name(self, name: str) -> Words:
        """The words for a step.

        Raises:
            ValueError: if the context has none.
        """
        return ("the", *self.context.words(name))

    def sign(self, symbol: str) -> str:
        """The word for a symbol: arithmetic is spelled out."""
        return SIGNS.get(symbol, symbol)

    def _formula(self, symbol: str, operands: tuple[Operand, ...]) -> Words:
        if len(operands) == 2 and not symbol.isidentifier():
            return self.listed(operands, self.sign(symbol))
        return ("the", symbol, "of", *self.listed(operands, "and"))

    def parse(self, words: Words, start: int) -> tuple[Assertion, int] | None:
        """`NAME are OPERAND SIGN OPERAND so VALUE`, or `NAME are the SYMBOL of OPERAND and OPERAND ... so VALUE`."""
        name, i = self._read_name(words, 0)
        if name is None or words[i : i + 1] != ("are",):
            return None
        said = value_after("so", words)
        formula = self._read_formula(words[i + 1 : said[0] - 1]) if said else None
        if said is None or formula is None:
            return None
        return Assertion(name, *formula, said[1], start + said[0], len(words) - said[0]), i

    def _read_formula(self, words: Words) -> tuple[str, tuple[str | Value, ...]] | None:
        """The symbol and its operands."""
        first, i = self._read_operand(words, 0)
        if first is not None and i < len(words):
            second, end = self._read_operand(words, i + 1)
            symbol = SYMBOLS.get(words[i], words[i])
            if second is None or end != len(words) or symbol.isidentifier() or words[i] in SIGNS or not self.free(words[i]):
                return None
            return symbol, (first, second)
        if words[:1] != ("the",) or words[2:3] != ("of",) or not self.free(words[1]):
            return None
        operands: list[str | Value] = []
        i = 2
        while i < len(words) and words[i] == ("and" if operands else "of"):
            operand, i = self._read_operand(words, i + 1)
            if operand is None:
                return None
            operands.append(operand)
        fits = words[1].isidentifier() or len(operands) != 2
        return (words[1], tuple(operands)) if i == len(words) and fits else None

    def free(self, word: str) -> bool:
        """True if a word can be a symbol. The gate `and` is also a word of the frame; its place tells the two apart."""
        return (super().free(word) or word == "and") and word not in self.context.kinds

    def _read_operand(self, words: Words, i: int) -> tuple[str | Value | None, int]:
        """The operand that begins at i, or None, and where it ends."""
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
        """The name that begins at i, or None, and where it ends."""
        kind, end = i + 1, i + 3 + len(self.context.where)
        inner, place = words[kind + 1 : end - 1], words[end - 1 : end]
        if words[i : i + 1] != ("the",) or inner != self.context.where or place == () or place[0] not in self.context.places:
            return None, i
        return (self.context.name_of(words[kind], place[0]) if words[kind] in self.context.kinds else None), end
