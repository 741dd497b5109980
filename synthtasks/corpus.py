"""Corpora: what a model reads, and which of it it learns. Exposure to a primitive is part of the corpus, as data."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Annotated, Literal, Protocol

import numpy as np

from synthtasks.checked import Above, From, check
from synthtasks.families import Family, named, problems
from synthtasks.families.fit import told_apart
from synthtasks.problem import Problem
from synthtasks.rng import rng
from synthtasks.surfaces import Compact, Story, Surface
from synthtasks.trace import Words


@dataclass(frozen=True)
class Result:
    """The words of a document that give the value of a step, and the primitive that the step applies."""

    at: int  # place in the body of the first
    primitive: str
    words: int = 1


@dataclass(frozen=True)
class Document:
    """A prompt, which is read, and a body, which is learned."""

    prompt: Words
    body: Words
    results: tuple[Result, ...]
    context: str = ""  # of the story that it tells, if it tells one
    steps: int = 0  # that it solves


class Writer(Protocol):
    """Turns a problem into a document."""

    def __call__(self, problem: Problem) -> Document: ...


@dataclass(frozen=True)
class Solved:
    """The problem and its solution."""

    surface: Surface = Compact()

    def __call__(self, problem: Problem) -> Document:
        body = self.surface.solution(problem)
        assertions = self.surface.read(body).assertions
        results = tuple(Result(a.at, problem.by_name[a.name].primitive.name, a.words) for a in assertions)
        context = self.surface.context.name if isinstance(self.surface, Story) else ""
        return Document(self.surface.prompt(problem), body, results, context, len(problem.proof))


@dataclass(frozen=True)
class Listing:
    """The lines of a window, restated without values: stepping and copying, but nothing to compute.

    With listings longer than any solved problem, a model that fails on a deeper problem does not fail for never having
    written that many lines.
    """

    surface: Compact = Compact()

    def __post_init__(self) -> None:
        check(self)

    def __call__(self, problem: Problem) -> Document:
        return Document(self.surface.listing_prompt(problem), self.surface.listing(problem), ())


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
        masked = {r.at + i for r in document.results if r.primitive in self.withheld for i in range(r.words)}
        return tuple(i not in masked for i in range(len(document.body)))


Form = Literal["never", "atomic", "composed"]


@dataclass(frozen=True)
class Exposure:
    """How often documents applied a primitive in a context, how deep in a composition, and how often its result was learned."""

    primitive: str
    context: str  # of stories; "" of all that tells none
    depth: int  # the most steps of a document that applied it
    documents: int  # that applied it
    applied: int
    learned: int  # of these
    share: float  # of all applications in the documents

    @property
    def form(self) -> Form:
        """Never, alone in documents of one step, or composed up to `depth`."""
        return "never" if not self.applied else "atomic" if self.depth == 1 else "composed"


def exposure(corpus: Corpus, documents: Iterable[Document]) -> tuple[Exposure, ...]:
    """What `documents` showed of each primitive that the corpus's families have, in each context, by name."""
    contexts: set[str] = set()
    applied: Counter[tuple[str, str]] = Counter()
    counted: Counter[tuple[str, str]] = Counter()
    depth: dict[tuple[str, str], int] = {}
    for document in documents:
        contexts.add(document.context)
        for primitive, times in Counter(r.primitive for r in document.results).items():
            seen = primitive, document.context
            applied[seen] += times
            counted[seen] += 1
            depth[seen] = max(depth.get(seen, 0), document.steps)
    names = {p.name for r in corpus.recipes for p in r.family.primitives} | {primitive for primitive, _ in applied}
    total = max(applied.total(), 1)

    def of(n: str, c: str) -> Exposure:
        times = applied[n, c]
        return Exposure(n, c, depth.get((n, c), 0), counted[n, c], times, 0 if n in corpus.withheld else times, times / total)

    return tuple(of(n, c) for n in sorted(names) for c in sorted(contexts))
