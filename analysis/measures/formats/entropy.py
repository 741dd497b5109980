"""The entropy of a policy's words, from the likelihood of its own completions."""

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.measures.effects.likelihood import Likelihood, read_likelihood
from analysis.measures.facts import Cell, Fact
from train.sample import read_samples
from train.stages.stage import Shelf

ENTROPY = "entropy of a token"


@dataclass(frozen=True)
class Entropy:
    """Nats a token: the negative log-probability of the policy's own completions over their number of words, from the `Likelihood` that the
    cell calls `stage`. Unbiased but for the number of words, which varies little."""

    stage: str = "own_after"
    phase: str = "after"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.stage,)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        own = cell.stage(self.stage, Likelihood)
        assert own.policy == own.sample.policy
        words = sum(len(completion.split()) for completion in read_samples(own.sample, shelf).words)
        yield cell.fact(self.phase, ENTROPY, None, -float(read_likelihood(own, shelf).logp.sum()) / words, words)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        yield cell.fact(self.phase, ENTROPY, None, 0.0)
