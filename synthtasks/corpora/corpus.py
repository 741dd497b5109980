"""Corpora: mixtures of documents, and the primitives whose results carry no loss."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count, islice
from typing import Annotated, cast

import numpy as np

from synthtasks.checked import Above, Checked, From, check
from synthtasks.corpora.documents import Document, Solved, Writer, shares_statements
from synthtasks.corpora.rows import Rows, rows, withholding, writes_rows
from synthtasks.families import Family, Program, asked, asks, named
from synthtasks.families.kit.family import BLOCK, Bulk, Many, many
from synthtasks.families.kit.fit import told_apart
from synthtasks.families.kit.once import once
from synthtasks.families.kit.programs import Programs
from synthtasks.families.kit.questions import Asking
from synthtasks.problem import Problem
from synthtasks.rng import rng
from synthtasks.surfaces import Compact
from synthtasks.vocab import Vocab

RECENT = 64  # iterations of different seeds whose documents are remembered


def can_ask(family: Family, write: Writer) -> bool:
    """True if several questions can be asked about one statement of the family, as it is written."""
    return asks(family) and shares_statements(write)


@dataclass(frozen=True)
class Recipe(Checked):
    """A kind of document, its relative weight, and its number of different problems.

    Recipes control exposure to a primitive. To hide a primitive, leave it out of every family; to show it alone, put it
    in a family of one step; to compose it up to depth d, in families of up to d steps. `problems` limits how many
    different examples there are, however often they come. With several `questions` about each statement, these follow
    one another, so that a reader may read their statement once; examples are then statements with their questions.
    A corpus that withholds a primitive withholds it here, too, unless it is `shown`: so doses of it are made.

    Raises:
        ValueError: if the weight is not positive and finite, there is no problem, several questions are asked about statements
            that the family or its surface cannot share, or a primitive is shown that the family lacks.
    """

    weight: Annotated[float, Above(0)]
    family: Family
    write: Writer = Solved()
    problems: Annotated[int, From(1)] | None = None  # different ones; None: no limit
    questions: Annotated[int, From(1)] = 1  # about each statement
    shown: tuple[str, ...] = ()  # names of primitives that the corpus withholds elsewhere

    def __post_init__(self) -> None:
        check(self)
        if self.questions > 1 and not can_ask(self.family, self.write):
            kind, write = type(self.family).__name__, self.write
            raise ValueError(f"Recipe.questions is 1: no problems of this {kind} share a statement in {write}; found {self.questions}")
        if unknown := set(self.shown) - {p.name for p in self.family.primitives}:
            raise ValueError(f"Recipe.shown names primitives of its family; found {sorted(unknown)}")

    def documents(self, *path: str | int) -> Iterator[Document]:
        """The endless stream of documents called `path`, on training problems."""
        numbers, path = self._named(*path)
        if self.questions == 1:
            yield from (self._written(p) for p in named(self.family, "train", numbers, *path))
        while self.questions > 1:
            drawn = self._drawn(list(islice(numbers, max(1, BLOCK // self.questions))), *path)
            for i, p in enumerate(map(drawn.problem, range(len(drawn)))):
                stated = Compact().words_stated(len(p.steps))
                yield replace(self._written(p), statement=stated, question=i % self.questions)

    def rows(self, words: int, withheld: tuple[str, ...], vocab: Vocab, *path: str | int) -> Rows | None:
        """The first documents of the stream called `path`, whole statements until `words` are read, at least one, as tokens; None if they
        are only written one by one. Results of `withheld` primitives carry no loss, unless they are shown."""
        if self._room is None:
            return None
        make = remembered if type(self.family) is Program else written  # another family may be equal to one that differs
        documents, drawn = make(self, max(1, words // self._room), vocab, *path)
        return withholding(self.write, documents, drawn, [name for name in withheld if name not in self.shown])

    @cached_property
    def _room(self) -> int | None:
        """The words of a statement with its questions, if `rows` writes them: then all have equally many."""
        if not isinstance(self.family, Bulk) or not writes_rows(self.write, self._drawn([0], "room")):
            return None
        group = list(islice(self.documents("room"), self.questions))
        return group[0].statement + sum(d.room for d in group)

    def _written(self, problem: Problem) -> Document:
        document = self.write(problem)
        return replace(document, shown=self.shown) if self.shown else document

    def _named(self, *path: str | int) -> tuple[Iterator[int], tuple[str | int, ...]]:
        """The numbers of the statements, and the path by which they are named."""
        if self.problems is None:
            return count(), path
        return (int(rng(*path, i).integers(self.problems)) for i in count()), ("recipe",)

    def _drawn(self, numbers: Sequence[int], *path: str | int) -> Many:
        if self.questions == 1:
            return many(cast(Bulk[Many], self.family), "train", numbers, *path)
        return asked(cast(Asking[Many], self.family), "train", numbers, self.questions, *path)


def written(recipe: Recipe, statements: int, vocab: Vocab, *path: str | int) -> tuple[Rows, Programs]:
    """The first documents of a recipe's stream called `path`, and their programs."""
    numbers, path = recipe._named(*path)
    drawn = cast(Programs, recipe._drawn(list(islice(numbers, statements)), *path))
    return rows(recipe.write, drawn, recipe.questions, vocab), drawn


remembered = once(RECENT)(written)  # arms of a seed that learn at the same time read the same documents


@dataclass(frozen=True)
class Corpus:
    """A mixture of recipes, and the primitives whose results are withheld.

    Documents do not depend on `withheld`: the result of a withheld primitive is read, and its loss is masked. So the
    model knows every word and every format, and cannot compute the primitive.

    Raises:
        ValueError: if there is no recipe, two primitives share a name or a symbol, a name is withheld twice, no
            family applies a withheld primitive, or a recipe shows one that is not withheld.
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
        if free := {name for r in self.recipes for name in r.shown} - set(self.withheld):
            raise ValueError(f"a recipe shows what its corpus withholds, which is {list(self.withheld)}; found {sorted(free)}")

    def recipe(self, g: np.random.Generator) -> Recipe:
        """A random recipe, drawn by weight."""
        weights = np.array([r.weight for r in self.recipes])
        return self.recipes[int(g.choice(len(weights), p=weights / weights.sum()))]

    def documents(self, shelf: object, iteration: int, /, *path: str | int) -> Iterator[Document]:
        """The endless stream of documents of an iteration called `path`, all of one recipe, which the iteration alone decides: whatever
        the seed, batches have one shape. A corpus needs nothing from the `shelf`, where other sources find what was computed before."""
        return self.recipe(rng("recipe", iteration)).documents(*path, iteration)

    def rows(self, words: int, vocab: Vocab, iteration: int, /, *path: str | int) -> Rows | None:
        """The first of `documents`, until `words` are read, as tokens; None if they are only written one by one."""
        return self.recipe(rng("recipe", iteration)).rows(words, self.withheld, vocab, *path, iteration)

    def learned(self, document: Document) -> tuple[bool, ...]:
        """True for each word of the body that carries loss."""
        hidden = {*self.withheld} - {*document.shown}
        masked = {*document.masked} | {r.at + i for r in document.results if r.primitive in hidden for i in range(r.words)}
        return tuple(i not in masked for i in range(len(document.body)))
