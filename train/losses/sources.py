"""Sources of documents to imitate. A `Corpus` is one; the sources here are derivations of the problems that RL meets, completions sampled
from a policy, and mixtures."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Annotated, Protocol

from synthtasks.checked import Above, Checked, From, check
from synthtasks.corpora import Document, Solved, Writer
from synthtasks.rng import rng
from train.rl.problems import ProblemSource, trials
from train.sample import Accepts, Sample, read_samples
from train.stages.stage import Context, Shelf

GOLDEN = (math.sqrt(5) - 1) / 2
ROUNDING = 1e-9  # by which shares may miss 1


class Source(Protocol):
    """Documents to learn from. A source that builds on a stage holds it as a field, and asks the shelf for its results."""

    def documents(self, context: Context, iteration: int, /, *path: str | int) -> Iterator[Document]:
        """The stream of documents of an iteration called `path`: endless, or empty, where there is nothing to learn from."""

    def learned(self, document: Document) -> tuple[bool, ...]:
        """The words of the body that carry loss."""


@dataclass(frozen=True)
class Gold(Checked):
    """The problems that `Practice` with equal `problems`, number of problems (`each`) and `seed` meets in so many `iterations`, from the
    `first` on, with their gold derivations: supervised fine-tuning on the data of RL.

    The documents of an iteration are of one such batch, drawn at random, in random order; then of the next. Another writer changes what is
    taught: `unsolved(surface)` teaches their format and length, without a value.
    """

    problems: ProblemSource
    iterations: Annotated[int, From(1)]
    each: Annotated[int, From(1)] = 32
    write: Writer = Solved()
    seed: Annotated[int, From(0)] = 0
    first: Annotated[int, From(0)] = 0

    def documents(self, context: Context, iteration: int, /, *path: str | int) -> Iterator[Document]:
        g = rng(*path, iteration, "which")
        while True:
            met = self.problems.batch(context, self.each, self.seed, self.first + int(g.integers(self.iterations)), 0)
            yield from (self.write(met[int(i)]) for i in g.permutation(len(met)))

    def learned(self, document: Document) -> tuple[bool, ...]:
        return tuple(i not in document.masked for i in range(len(document.body)))


@dataclass(frozen=True)
class Mixture(Checked):
    """Sources with the shares of iterations, and so of tokens, that are read from each: mid-training with a share of replay, if one of them
    is the corpus of pretraining.

    An iteration reads one source, so that its documents have one shape. The order is fixed: any first iterations hold the shares to within
    a few.

    Raises:
        ValueError: if there are fewer than two sources, or the shares do not sum to 1.
    """

    parts: tuple[tuple[Annotated[float, Above(0)], Source], ...]

    def __post_init__(self) -> None:
        check(self)
        if len(self.parts) < 2 or abs(sum(share for share, _ in self.parts) - 1) > ROUNDING:
            raise ValueError(f"Mixture.parts is two or more sources with shares that sum to 1; found {[share for share, _ in self.parts]}")

    def at(self, iteration: int) -> Source:
        """The source of an iteration."""
        place = (iteration + 1) * GOLDEN % 1.0  # places that fill [0, 1) evenly, however many there are (Weyl)
        ends = accumulate(share for share, _ in self.parts)
        return next((source for end, (_, source) in zip(ends, self.parts, strict=True) if place < end), self.parts[-1][1])


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


def like_it(source: Source | Mixture) -> Source | Mixture:
    """A source whose documents are about as long, and which waits for no stage: for trials, before those have run."""
    match source:
        case Mixture(parts):
            return Mixture(tuple((share, part) for share, each in parts if not isinstance(part := like_it(each), Mixture)))
        case Gold(problems):
            return replace(source, problems=trials(problems)[0])
        case Traces(sample) | Verified(sample):
            return Gold(trials(sample.source)[0], sample.iterations, sample.problems, Solved(sample.sampler.surface))
    return source


def _drawn(documents: Sequence[Document], *path: str | int) -> Iterator[Document]:
    """Documents drawn with replacement; none, if there is none."""
    g = rng(*path, "which")
    while documents:
        yield documents[int(g.integers(len(documents)))]
