"""Compositions of functions on texts, after arXiv:2509.25123 (From f(x) and g(x) to f(g(x)))."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from synthtasks.checked import From, check
from synthtasks.domains import LETTERS, LONGEST, TEXTS
from synthtasks.families.chains import CHAIN
from synthtasks.families.dials import Dial, Forced, domain_size, length, text_length
from synthtasks.families.kit.family import label
from synthtasks.families.kit.fit import applicable
from synthtasks.families.kit.graphs import Draws
from synthtasks.primitives import Primitive
from synthtasks.problem import Problem, Step

Text = tuple[str, ...]
Definitions = Literal["hidden", "visible"]


def _reverse(text: Text, modulus: int) -> Text:
    return text[::-1]


def _rotate(text: Text, modulus: int) -> Text:
    return text[1:] + text[:1]


def _swap(text: Text, modulus: int) -> Text:
    return text[-1:] + text[1:-1] + text[:1] if len(text) > 1 else text


def _sort(text: Text, modulus: int) -> Text:
    return tuple(sorted(text))


def _shift(text: Text, modulus: int) -> Text:
    return tuple(LETTERS[(LETTERS.index(letter) + 1) % modulus] for letter in text)


def _mirror(text: Text, modulus: int) -> Text:
    return tuple(LETTERS[modulus - 1 - LETTERS.index(letter)] for letter in text)


def _pairs(text: Text, modulus: int) -> Text:
    return tuple(text[i ^ 1] if i ^ 1 < len(text) else text[i] for i in range(len(text)))


def _halves(text: Text, modulus: int) -> Text:
    half = len(text) // 2
    return text[half:] + text[:half]


def _odds(text: Text, modulus: int) -> Text:
    return text[::2] + text[1::2]


def _first(text: Text, modulus: int) -> Text:
    return text[:1] * len(text)


def _last(text: Text, modulus: int) -> Text:
    return text[:-1] + text[:1]


def _highest(text: Text, modulus: int) -> Text:
    high = max(text)
    return tuple(high if i == 0 else letter for i, letter in enumerate(text))


def _function(i: int, name: str, apply: Callable[[Text, int], Text]) -> Primitive:
    return Primitive(name, f"f{i}", apply, 1, TEXTS)  # the symbol does not reveal the function


_ALL: tuple[tuple[str, Callable[[Text, int], Text]], ...] = (
    ("reverse", _reverse),
    ("rotate", _rotate),
    ("swap", _swap),
    ("sort", _sort),
    ("shift", _shift),
    ("mirror", _mirror),
    ("pairs", _pairs),
    ("halves", _halves),
    ("odds", _odds),
    ("first", _first),
    ("last", _last),
    ("highest", _highest),
)
FUNCTIONS = tuple(_function(i, name, apply) for i, (name, apply) in enumerate(_ALL))
TRAINED, HELD_OUT = FUNCTIONS[::2], FUNCTIONS[1::2]
"""Disjoint sets: functions to train on, and functions held out."""


@dataclass(frozen=True)
class Compose:
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

    one_derivation: ClassVar[bool] = True
    dials: ClassVar[tuple[Dial, ...]] = (
        Dial("steps", (1, 2, 3, 4, 5, 6), length),
        Dial("letters", (4, 6, 8), text_length),
        Dial("modulus", (6, 8, 10), domain_size),
    )
    forced: ClassVar[tuple[Forced, ...]] = CHAIN

    def __post_init__(self) -> None:
        check(self)
        applicable("Compose.functions", self.functions, 1, on="texts")

    @property
    def names(self) -> int:
        return self.steps

    @property
    def primitives(self) -> tuple[Primitive, ...]:
        return self.functions

    def __call__(self, g: np.random.Generator) -> Problem:
        draws = Draws(g)
        text = tuple(LETTERS[draws.below(self.modulus)] for _ in range(self.letters))
        steps: list[Step] = []
        for i in range(self.steps):
            function = self.functions[draws.below(len(self.functions))]
            steps.append(Step(label(i), function, (steps[-1].name if steps else text,)))
        known = sorted({(s.primitive.symbol, s.primitive.name) for s in steps}) if self.definitions == "visible" else ()
        return Problem(tuple(steps), steps[-1].name, self.modulus, definitions=tuple(known))
