"""Sources of documents to imitate. A `Corpus` is one; the sources here are completions sampled from a policy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from synthtasks.checked import Checked
from synthtasks.corpora import Document
from synthtasks.rng import rng
from train.sample import Accepts, Sample, read_samples
from train.stages.stage import Context, Shelf


class Source(Protocol):
    """Documents to learn from. A source that builds on a stage holds it as a field, and asks the shelf for its results."""

    def documents(self, context: Context, iteration: int, /, *path: str | int) -> Iterator[Document]:
        """The stream of documents of an iteration called `path`: endless, or empty, where there is nothing to learn from."""

    def learned(self, document: Document) -> tuple[bool, ...]:
        """The words of the body that carry loss."""


@dataclass(frozen=True)
class Traces(Checked):
    """The completions of a sample, right or wrong: distillation from a teacher's text (arXiv:1606.07947)."""

    sample: Sample

    def documents(self, shelf: Shelf, iteration: int, /, *path: str | int) -> Iterator[Document]:
        return _drawn(read_samples(self.sample, shelf).documents, *path, iteration)

    def learned(self, document: Document) -> tuple[bool, ...]:
        return (True,) * len(document.body)


@dataclass(frozen=True)
class Verified(Checked):
    """The completions of a sample that the judge accepts: rejection-sampling fine-tuning (arXiv:2308.01825), with duplicates, and with
    every accepted completion of a problem (RAFT, arXiv:2304.06767, keeps the best one).

    If the judge accepts none, there is no document, and the policy that was to learn from them stays as it is.
    """

    sample: Sample
    accepts: Accepts = "process"

    def documents(self, shelf: Shelf, iteration: int, /, *path: str | int) -> Iterator[Document]:
        samples = read_samples(self.sample, shelf)
        accepted = samples.accepted(self.accepts)
        return _drawn([d for d, right in zip(samples.documents, accepted, strict=True) if right], *path, iteration)

    def learned(self, document: Document) -> tuple[bool, ...]:
        return (True,) * len(document.body)


def _drawn(documents: Sequence[Document], *path: str | int) -> Iterator[Document]:
    """Documents drawn with replacement; none, if there is none."""
    g = rng(*path, "which")
    while documents:
        yield documents[int(g.integers(len(documents)))]
