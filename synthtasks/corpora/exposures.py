"""Exposure: how often and how deep documents apply a primitive, and how often its result carries loss."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from synthtasks.corpora.corpus import Corpus
from synthtasks.corpora.documents import Document


@dataclass(frozen=True)
class Exposure:
    """Counts of a primitive's applications in the documents of a context."""

    primitive: str
    context: str  # of stories; "" for documents without one
    depth: int  # the most steps of a document that applies it
    documents: int  # that apply it
    applied: int  # applications
    learned: int  # applications whose result carries loss


def exposure(corpus: Corpus, documents: Iterable[Document]) -> tuple[Exposure, ...]:
    """The exposure to each primitive of the corpus in each context, sorted by name."""
    contexts = set[str]()
    applied, counted, learned = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    depth: dict[tuple[str, str], int] = {}
    for document in documents:
        contexts.add(document.context)
        for primitive, times in Counter(r.primitive for r in document.results).items():
            pair = primitive, document.context
            applied[pair] += times
            counted[pair] += 1
            learned[pair] += times * (primitive not in corpus.withheld or primitive in document.shown)
            depth[pair] = max(depth.get(pair, 0), document.steps)
    names = {p.name for r in corpus.recipes for p in r.family.primitives} | {primitive for primitive, _ in applied}
    return tuple(
        Exposure(n, c, depth.get((n, c), 0), counted[n, c], applied[n, c], learned[n, c]) for n in sorted(names) for c in sorted(contexts)
    )
