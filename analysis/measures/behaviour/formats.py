"""Shares of trace formats among completions: RL on a mixture converges to one (arXiv:2504.07912)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from analysis.measures.estimates import Floats
from analysis.measures.facts import Cell, Fact
from synthtasks.surfaces import Surface
from synthtasks.trace import Words
from train.sample import Sample, read_samples
from train.stages.stage import Shelf

NONE = "none"


def entropy(shares: Floats) -> float:  # [F], their sum is 1
    """Entropy of shares in nats: 0 if one has all, log F if they are equal."""
    some = shares[shares > 0]
    return float(-(some * np.log(some)).sum()) + 0.0  # no -0.0


@dataclass(frozen=True)
class ReadBy:
    """The format of a completion: the name of the first surface that reads all of its words, an answer among them; or `none`."""

    surfaces: tuple[tuple[str, Surface], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its formats."""
        return (*(name for name, _ in self.surfaces), NONE)

    def __call__(self, words: Words) -> str:
        read = ((name, surface.read(words)) for name, surface in self.surfaces)
        return next((name for name, trace in read if not trace.unread and trace.answer is not None), NONE)


@dataclass(frozen=True)
class Formats:
    """The share of each format among the completions of the `Sample` that the cell calls `stage`, and the entropy of the shares in nats."""

    kind: Callable[[Words], str]
    names: tuple[str, ...]  # that `kind` gives
    stage: str = "sampled_after"
    phase: str = "after"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.stage,)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        every = [self.kind(tuple(words.split())) for words in read_samples(cell.stage(self.stage, Sample), shelf).words]
        if strange := set(every) - set(self.names):
            raise ValueError(f"expected formats among {self.names}; found {sorted(strange)}")
        shares = np.array([every.count(name) / len(every) for name in self.names])
        for name, share in zip(self.names, shares.tolist(), strict=True):
            yield cell.fact(self.phase, f"format: {name}", None, share, len(every))
        yield cell.fact(self.phase, "format entropy", None, entropy(shares), len(every))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return (cell.fact(self.phase, metric, None, 0.0) for metric in (*(f"format: {name}" for name in self.names), "format entropy"))
