"""Corpora: mixtures of documents, and the primitives whose results carry no loss."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Annotated

import numpy as np

from synthtasks.checked import Above, Checked, From, check
from synthtasks.corpora.documents import Document, Solved, Writer, shares_statements
from synthtasks.families import Family, asked, asks, named
from synthtasks.families.kit.family import BLOCK
from synthtasks.families.kit.fit import told_apart
from synthtasks.rng import rng
from synthtasks.surfaces import Compact


@dataclass(frozen=True)
class Recipe(Checked):
    """A kind of document, its relative weight, and its number of different problems.

    Recipes control exposure to a primitive. To hide a primitive, leave it out of every family; to show it alone, put it
    in a family of one step; to compose it up to depth d, in families of up to d steps. `problems` limits how many
    different examples there are, however often they come. With several `questions` about each statement, these follow
    one another, so that a reader may read their statement once; examples are then statements with their questions.

    Raises:
        ValueError: if the weight is not positive and finite, there is no problem, or several questions are asked about statements
            that the family or its surface cannot share.
    """

    weight: Annotated[float, Above(0)]
    family: Family
    write: Writer = Solved()
    problems: Annotated[int, From(1)] | None = None  # different ones; None: no limit
    questions: Annotated[int, From(1)] = 1  # about each statement

    def __post_init__(self) -> None:
        check(self)
        if self.questions > 1 and not (asks(self.family) and shares_statements(self.write)):
            kind, write = type(self.family).__name__, self.write
            raise ValueError(f"Recipe.questions is 1: no problems of this {kind} share a statement in {write}; found {self.questions}")

    def documents(self, *path: str | int) -> Iterator[Document]:
        """The endless stream of documents called `path`, on training problems."""
        if self.problems is None:
            return self._written(count(), *path)
        return self._written((int(rng(*path, i).integers(self.problems)) for i in count()), "recipe")

    def _written(self, numbers: Iterator[int], *path: str | int) -> Iterator[Document]:
        if not asks(self.family) or self.questions == 1:
            yield from (self.write(p) for p in named(self.family, "train", numbers, *path))
            return
        while block := list(islice(numbers, max(1, BLOCK // self.questions))):
            drawn = asked(self.family, "train", block, self.questions, *path)
            for i, p in enumerate(map(drawn.problem, range(len(drawn)))):
                yield replace(self.write(p), statement=Compact().stated(p), question=i % self.questions)


@dataclass(frozen=True)
class Corpus:
    """A mixture of recipes, and the primitives whose results are withheld.

    Documents do not depend on `withheld`: the result of a withheld primitive is read, and its loss is masked. So the
    model knows every word and every format, and cannot compute the primitive.

    Raises:
        ValueError: if there is no recipe, two primitives share a name or a symbol, a name is withheld twice, or no
            family applies a withheld primitive.
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
        """A random recipe, drawn by weight."""
        weights = np.array([r.weight for r in self.recipes])
        return self.recipes[int(g.choice(len(weights), p=weights / weights.sum()))]

    def documents(self, shelf: object, iteration: int, /, *path: str | int) -> Iterator[Document]:
        """The endless stream of documents of an iteration called `path`, all of one recipe, which the iteration alone decides: whatever
        the seed, batches have one shape. A corpus needs nothing from the `shelf`, where other sources find what was computed before."""
        return self.recipe(rng("recipe", iteration)).documents(*path, iteration)

    def learned(self, document: Document) -> tuple[bool, ...]:
        """True for each word of the body that carries loss."""
        masked = {*document.masked} | {r.at + i for r in document.results if r.primitive in self.withheld for i in range(r.words)}
        return tuple(i not in masked for i in range(len(document.body)))
