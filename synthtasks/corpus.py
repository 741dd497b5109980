"""Corpora: what a model reads, and which of it it learns. Exposure to a primitive is part of the corpus, as data."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Protocol

import numpy as np

from synthtasks.families import Family, problem
from synthtasks.problem import Problem
from synthtasks.surfaces import Compact
from synthtasks.trace import Words


@dataclass(frozen=True)
class Result:
    """The word of a document that gives the value of a step, and the primitive that the step applies."""

    at: int  # place in the body
    primitive: str


@dataclass(frozen=True)
class Document:
    """A prompt, which is read, and a body, which is learned."""

    prompt: Words
    body: Words
    results: tuple[Result, ...]


class Writer(Protocol):
    """Turns a problem into a document."""

    def __call__(self, problem: Problem) -> Document: ...


@dataclass(frozen=True)
class Solved:
    """The problem and its solution."""

    surface: Compact = Compact()

    def __call__(self, problem: Problem) -> Document:
        body = self.surface.solution(problem)
        assertions = self.surface.read(body).assertions
        results = tuple(Result(a.at, problem.by_name[a.name].primitive.name) for a in assertions)
        return Document(self.surface.prompt(problem), body, results)


@dataclass(frozen=True)
class Listing:
    """The lines of a window, restated without values: stepping and copying, but nothing to compute.

    With listings longer than any solved problem, a model that fails on a deeper problem does not fail for never having
    written that many lines.
    """

    surface: Compact = Compact()

    def __call__(self, problem: Problem) -> Document:
        return Document(self.surface.listing_prompt(problem), self.surface.listing(problem), ())


@dataclass(frozen=True)
class Recipe:
    """A kind of document and how often it comes, relative to the others."""

    weight: float
    family: Family
    write: Writer = Solved()


@dataclass(frozen=True)
class Corpus:
    """A mixture of recipes, and the primitives whose results are withheld.

    Whatever is withheld, the documents are the same: the result of a withheld primitive is read like any other word,
    and its loss is masked. So a model without the primitive knows every word and every format, and cannot compute.

    Raises:
        ValueError: if there is no recipe, a weight is not positive, or no family applies a withheld primitive.
    """

    recipes: tuple[Recipe, ...]
    withheld: tuple[str, ...] = ()  # names of primitives

    def __post_init__(self) -> None:
        if not self.recipes or any(r.weight <= 0 for r in self.recipes):
            raise ValueError(f"a corpus needs recipes of positive weight; found weights {[r.weight for r in self.recipes]}")
        applied = {p.name for r in self.recipes for p in r.family.primitives}
        if unknown := set(self.withheld) - applied:
            raise ValueError(f"{sorted(unknown)} cannot be withheld: the families apply {sorted(applied)}")

    def recipe(self, g: np.random.Generator) -> Recipe:
        """One of the recipes, by weight."""
        weights = np.array([r.weight for r in self.recipes])
        return self.recipes[int(g.choice(len(weights), p=weights / weights.sum()))]

    def documents(self, recipe: Recipe, *path: str | int) -> Iterator[Document]:
        """The endless stream of the recipe's documents called `path`, on training problems."""
        return (recipe.write(problem(recipe.family, "train", *path, i)) for i in count())

    def learned(self, document: Document) -> tuple[bool, ...]:
        """Of each word of the body: whether it carries loss."""
        masked = {r.at for r in document.results if r.primitive in self.withheld}
        return tuple(i not in masked for i in range(len(document.body)))


@dataclass(frozen=True)
class Exposure:
    """How often documents applied a primitive, and how often its result was learned."""

    primitive: str
    applied: int
    learned: int
    share: float  # of all applications in the documents


def exposure(corpus: Corpus, documents: Iterable[Document]) -> tuple[Exposure, ...]:
    """What `documents` showed of each primitive, by name."""
    applied: Counter[str] = Counter()
    for document in documents:
        applied.update(r.primitive for r in document.results)
    total = sum(applied.values())
    return tuple(Exposure(p, n, 0 if p in corpus.withheld else n, n / total) for p, n in sorted(applied.items()))
