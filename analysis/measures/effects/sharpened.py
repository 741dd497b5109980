"""The power-sampled base: what a base would solve if it were sampled from p^alpha instead of p (arXiv:2601.21590), a null for RL."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from analysis.measures.effects.likelihood import Likelihood, read_likelihood
from analysis.measures.estimates import Floats
from analysis.measures.exact import bands_of, imagined
from analysis.measures.facts import Cell, Fact
from synthtasks.checked import Checked, From
from synthtasks.families import has_one_derivation
from synthtasks.vocab import END
from train.ledger import read_ledger
from train.sample import Sample, Samples, read_samples
from train.stages.seal import defined
from train.stages.stage import Shelf

ALPHAS = (2.0, 4.0)
KS = (1, 8)
ENDS = ("", " low", " high")


def resampled(logp: Floats, right: NDArray[np.bool_], alpha: float) -> float:  # [N], [N]
    """The chance of a right completion where one of N samples of p is drawn with weight p^(alpha - 1): importance resampling of p^alpha.

    As N grows it goes to the chance under p^alpha; at N it is what so many tokens buy.
    """
    weights = np.exp((alpha - 1) * (logp - logp.max()))
    return float(weights[right].sum() / weights.sum())


def bracket(solution: float, seen: Floats, alpha: float) -> tuple[float, float]:  # seen [N], all different, the solution among them
    """Exact bounds of the solution's probability under p^alpha / Z, from log-probabilities under p.

    Z is a sum over all sequences. Those that were seen have S = sum of p^alpha, exactly. The others have the rest u of the probability,
    so that their sum of p^alpha lies between 0 (u spread thin) and u^alpha (one of them has it all). So Z lies in [S, S + u^alpha].
    """
    powers = float(np.exp(alpha * seen).sum())
    rest = max(0.0, 1 - float(np.exp(seen).sum())) ** alpha
    mine = float(np.exp(alpha * solution))
    return mine / (powers + rest) if powers + rest else 0.0, mine / powers if powers else 1.0


@dataclass(frozen=True)
class Sharpened(Checked):
    """pass@k of the base sampled from p^alpha, on the problems of its `sample`, at the first difficulty at the edge.

    *Estimated*: `power A pass@k`, by importance resampling of the base's own completions at temperature 1. *Exact*: its ` low` and ` high`
    bounds, from the log-probabilities of the solution and of the sequences that were seen, where problems have one derivation; completions
    that were cut off count as not seen. A test against the high bound favours the base. `power tokens` are those of the sample, as a share
    of those that RL sampled. p^alpha is of whole sequences; sharpening word by word is temperature 1/alpha, which `Score` gives exactly.
    """

    sample: str = "sampled_before"
    likelihood: str = "before_of_before"
    learn: str = "learn"
    alphas: tuple[Annotated[float, From(1)], ...] = ALPHAS

    @property
    def needs(self) -> tuple[str, ...]:
        return self.sample, self.likelihood, self.learn, "edge"

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        if not (band := bands_of(cell, shelf)["at"]):  # then nothing was sampled
            return
        sample = cell.stage(self.sample, Sample)
        found, scored = read_samples(sample, shelf), read_likelihood(cell.stage(self.likelihood, Likelihood), shelf)
        mine = np.split(np.arange(len(found.words)), sample.problems)  # [N] the rows of each problem
        for alpha in self.alphas:
            chances = {"": [resampled(scored.logp[rows], found.process[rows], alpha) for rows in mine]}
            if len(ends(sample)) > 1:
                both = [bracket(s, different(found, scored.logp, rows, s), alpha) for rows, s in zip(mine, scored.solutions, strict=True)]
                chances |= {end: [each[i] for each in both] for i, end in enumerate(ENDS[1:])}
            for end, each in chances.items():
                for k in KS:
                    value = float((1 - (1 - np.array(each)) ** k).mean())
                    yield cell.fact("before", f"power {alpha:g} pass@{k}{end}", band[0], value, sample.problems)
        spent, other = (read_ledger(defined(shelf.get(cell[name]))).sampled for name in (self.sample, self.learn))
        yield cell.fact("before", "power tokens", None, spent / other if other else 0.0)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        every = ends(cell.stage(self.sample, Sample))
        yield from imagined(cell, "before", (f"power {a:g} pass@{k}{end}" for a in self.alphas for k in KS for end in every), [1])
        yield cell.fact("before", "power tokens", None, 0.0)


def ends(sample: Sample) -> tuple[str, ...]:
    """The estimate, and its exact bounds where problems have one derivation."""
    family = getattr(sample.source, "family", None)
    return ENDS if family is not None and has_one_derivation(family) else ENDS[:1]


def different(found: Samples, logp: Floats, rows: NDArray[np.int64], solution: float) -> Floats:  # -> [N]
    """The log-probability of the solution, and of each other sequence that was seen, once; what was cut off is the beginning of many."""
    wrong = {found.words[row]: logp[row] for row in rows if not found.process[row] and found.words[row].endswith(END)}
    return np.array([solution, *wrong.values()])
