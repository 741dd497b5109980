"""Corpora: what a model reads, and which of it it learns. Exposure to a primitive is part of the corpus, as data."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Annotated

import numpy as np

from synthtasks.checked import Above, From, check
from synthtasks.corpora.documents import Document, Solved, Writer
from synthtasks.families import Family, named, problems
from synthtasks.families.kit.fit import told_apart
from synthtasks.rng import rng


@dataclass(frozen=True)
class Recipe:
    """A kind of document, how often it comes relative to the others, and of how many different problems.

    Exposure is made of recipes. A primitive that is never seen is in no recipe's family; one that is seen alone is in
    that of a family of one step; one that is composed up to depth d, in those of up to d steps; and `problems` says how
    many examples there are, however often they come.

    Raises:
        ValueError: if the weight is not positive and finite, or there is not one problem.
    """

    weight: Annotated[float, Above(0)]
    family: Family
    write: Writer = Solved()
    problems: Annotated[int, From(1)] | None = None  # different ones; None: always new ones

    def __post_init__(self) -> None:
        check(self)

    def documents(self, *path: str | int) -> Iterator[Document]:
        """The endless stream of documents called `path`, on training problems."""
        if self.problems is None:
            return (self.write(p) for p in problems(self.family, "train", *path))
        which = (int(rng(*path, i).integers(self.problems)) for i in count())
        return (self.write(p) for p in named(self.family, "train", which, "recipe"))


@dataclass(frozen=True)
class Corpus:
    """A mixture of recipes, and the primitives whose results are withheld.

    Whatever is withheld, the documents are the same: the result of a withheld primitive is read like any other word,
    and its loss is masked. So a model without the primitive knows every word and every format, and cannot compute.

    Raises:
        ValueError: if there is no recipe, two primitives have one name or symbol, a name is withheld twice, or no family
            applies a withheld primitive.
    """

    recipes: tuple[Recipe, ...]
    withheld: tuple[str, ...] = ()  # names of primitives

    def __post_init__(self) -> None:
        check(self)
        if not self.recipes:
            raise ValueError("a corpus needs at least one recipe; found none")
        applied = tuple(dict.fromkeys(p for r in self.recipes for p in r.family.primitives))
        told_apart("Corpus.recipes", applied)
        names = sorted(p.name for p in applied)
        if unknown := set(self.withheld) - set(names):
            raise ValueError(f"{sorted(unknown)} cannot be withheld: the families apply {names}")
        if len(set(self.withheld)) < len(self.withheld):
            raise ValueError(f"Corpus.withheld holds a name once; found {self.withheld}")

    def recipe(self, g: np.random.Generator) -> Recipe:
        """One of the recipes, by weight."""
        weights = np.array([r.weight for r in self.recipes])
        return self.recipes[int(g.choice(len(weights), p=weights / weights.sum()))]

    def documents(self, shelf: object, *path: str | int) -> Iterator[Document]:
        """The endless stream of documents called `path`, all of one recipe. A corpus needs nothing from the `shelf`, where other sources
        find what was computed before."""
        return self.recipe(rng(*path, "recipe")).documents(*path)

    def learned(self, document: Document) -> tuple[bool, ...]:
        """The words of the body that carry loss."""
        masked = {*document.masked} | {r.at + i for r in document.results if r.primitive in self.withheld for i in range(r.words)}
        return tuple(i not in masked for i in range(len(document.body)))
