"""Compositions of functions on texts, after arXiv:2509.25123 (From f(x) and g(x) to f(g(x)))."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from synthtasks.checked import From, check
from synthtasks.domains import LETTERS, LONGEST, TEXTS
from synthtasks.families.chains import Chain, chain
from synthtasks.families.dials import Dial
from synthtasks.families.dials.quantities import domain_size, length, text_length
from synthtasks.families.kit.fit import applicable
from synthtasks.families.kit.graphs import Draws
from synthtasks.primitives import Primitive
from synthtasks.problem import Problem

Text = tuple[str, ...]
Definitions = Literal["hidden", "visible"]


def _reverse(text: Text, modulus: int) -> Text:
    """The letters in reverse order."""
    return text[::-1]


def _rotate(text: Text, modulus: int) -> Text:
    """The first letter moved to the end."""
    return text[1:] + text[:1]


def _swap(text: Text, modulus: int) -> Text:
    """The first and the last letter exchanged."""
    return text[-1:] + text[1:-1] + text[:1] if len(text) > 1 else text


def _sort(text: Text, modulus: int) -> Text:
    """The letters in alphabetical order."""
    return tuple(sorted(text))


def _shift(text: Text, modulus: int) -> Text:
    """Each letter replaced by the next of the first m letters of the alphabet, and the last of them by a."""
    return tuple(LETTERS[(LETTERS.index(letter) + 1) % modulus] for letter in text)


def _mirror(text: Text, modulus: int) -> Text:
    """Each letter replaced by its counterpart from the other end of the first m letters of the alphabet."""
    return tuple(LETTERS[modulus - 1 - LETTERS.index(letter)] for letter in text)


def _pairs(text: Text, modulus: int) -> Text:
    """The letters of each pair exchanged: first and second, third and fourth, and so on."""
    return tuple(text[i ^ 1] if i ^ 1 < len(text) else text[i] for i in range(len(text)))


def _halves(text: Text, modulus: int) -> Text:
    """The first half moved behind the rest; of an odd number of letters, the middle one belongs to the rest."""
    half = len(text) // 2
    return text[half:] + text[:half]


def _odds(text: Text, modulus: int) -> Text:
    """The first, third, fifth letter and so on, then the second, fourth and so on."""
    return text[::2] + text[1::2]


def _first(text: Text, modulus: int) -> Text:
    """Every letter replaced by the first."""
    return text[:1] * len(text)


def _last(text: Text, modulus: int) -> Text:
    """The last letter replaced by the first."""
    return text[:-1] + text[:1]


def _highest(text: Text, modulus: int) -> Text:
    """The first letter replaced by the last in the alphabet of all letters of the text."""
    high = max(text)
    return tuple(high if i == 0 else letter for i, letter in enumerate(text))


_ALL = (_reverse, _rotate, _swap, _sort, _shift, _mirror, _pairs, _halves, _odds, _first, _last, _highest)
# no symbol reveals its function
FUNCTIONS = tuple(Primitive(f.__name__.removeprefix("_"), f"f{i}", f, 1, TEXTS) for i, f in enumerate(_ALL))
TRAINED, HELD_OUT = FUNCTIONS[::2], FUNCTIONS[1::2]
"""Disjoint sets: functions to train on, and functions held out."""


@dataclass(frozen=True)
class Compose(Chain):
    """A composition of `steps` functions on a text of `letters` letters; no function changes the number of letters.

    With visible definitions the problem names the function of each symbol; with hidden ones a model must have learned it.

    >>> from synthtasks import rng
    >>> p = Compose(steps=2, letters=3)(rng("example"))
    >>> [(s.primitive.symbol, s.primitive.name, s.arguments, "".join(p.values[s.name])) for s in p.steps]
    [('f10', 'last', (('f', 'd', 'a'),), 'fdf'), ('f2', 'swap', ('A',), 'fdf')]

    Raises:
        ValueError: if a dial is out of range, or a function is not unary on texts.
    """

    steps: Annotated[int, From(1)] = 2
    letters: Annotated[int, From(1, LONGEST)] = 5
    functions: tuple[Primitive, ...] = TRAINED
    definitions: Definitions = "hidden"
    modulus: Annotated[int, From(2, len(LETTERS))] = 8  # letters of the alphabet

    dials: ClassVar[tuple[Dial, ...]] = (
        Dial("steps", (1, 2, 3, 4, 5, 6), length),
        Dial("letters", (4, 6, 8), text_length),
        Dial("modulus", (6, 8, 10), domain_size),
    )

    def __post_init__(self) -> None:
        check(self)
        applicable("Compose.functions", self.functions, 1, on="texts")

    @property
    def primitives(self) -> tuple[Primitive, ...]:
        return self.functions

    def __call__(self, g: np.random.Generator) -> Problem:
        draws = Draws(g)
        text = tuple(LETTERS[draws.below(self.modulus)] for _ in range(self.letters))
        functions = [self.functions[draws.below(len(self.functions))] for _ in range(self.steps)]
        known = sorted({(f.symbol, f.name) for f in functions}) if self.definitions == "visible" else ()
        return chain(text, [(f, ()) for f in functions], self.modulus, definitions=tuple(known))
