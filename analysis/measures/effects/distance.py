"""The distance between the policies before and after learning, as Kullback-Leibler divergence."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analysis.measures.effects.likelihood import Likelihood, read_likelihood
from analysis.measures.facts import Cell, Fact
from train.sample import Sample
from train.stages.stage import Shelf

FORWARD, REVERSE = "forward KL", "reverse KL"


@dataclass(frozen=True)
class Distance:
    """Divergence of the policy after learning from that before, on the problems that both were sampled on, in nats a completion.

    *Forward KL*, KL(before || after): the mean over completions of the policy before of log p_before - log p_after; it grows where
    learning gives up what the policy did. *Reverse KL*, KL(after || before): the mean over completions of the policy after of the negative;
    it grows where learning does what the policy hardly did. Estimated without bias from samples, so that one near 0 may lie below it.
    """

    needs: tuple[str, ...] = ("before_of_before", "after_of_before", "after_of_after", "before_of_after")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        logp = [read_likelihood(cell.stage(name, Likelihood), shelf).logp for name in self.needs]
        for metric, own, other in ((FORWARD, logp[0], logp[1]), (REVERSE, logp[2], logp[3])):
            yield cell.fact("after", metric, None, float((own - other).mean()), len(own))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return (cell.fact("after", metric, None, 0.0) for metric in (FORWARD, REVERSE))


def distances(sampled_before: Sample, sampled_after: Sample) -> Mapping[str, Likelihood]:
    """The stages that `Distance` reads, by their names in a cell."""
    samples = {"before": sampled_before, "after": sampled_after}
    return {f"{by}_of_{of}": Likelihood(samples[by].policy, samples[of]) for of in samples for by in samples}
