"""Exposure: how often and how deep documents show a primitive, and how often its result is learned."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from synthtasks.corpora.corpus import Corpus
from synthtasks.corpora.documents import Document

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
