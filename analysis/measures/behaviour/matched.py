"""pass@k of a policy sampled at the temperature at which it has the entropy of the base: a gain that is more than a lower temperature."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analysis.measures.behaviour.entropy import TokenEntropy, read_entropy
from analysis.measures.estimates import Floats, exact_pass_at_k
from analysis.measures.exact import imagined, means, scored
from analysis.measures.facts import Cell, Fact
from analysis.measures.scores import Scores, difficulties
from train.score import Score
from train.stages.stage import Shelf

KS = (1, 128, 1_024)
ENTROPY, TEMPERATURE = "entropy of a word", "matched temperature"


def nearest(entropies: Floats, target: float) -> int:  # [K]
    """The place of the entropy nearest to a target."""
    return int(np.abs(entropies - target).argmin())


@dataclass(frozen=True, eq=False)
class Tempered:
    """Scores at several temperatures, and the one of them that was chosen."""

    scores: Scores
    temperature: float

    @property
    def logp(self) -> Floats:  # [F, P]
        """Log-probability of the solution at the chosen temperature."""
        return np.asarray(self.scores.logp[:, self.scores.temperatures.index(self.temperature)])


@dataclass(frozen=True)
class Matched:
    """Exact pass@k at every difficulty, at the temperature at which the policy's entropy is nearest to that of the base at temperature 1
    (arXiv:2504.13837): `matched pass@k`; with that temperature, and the entropies of both in nats a word, at temperature 1.

    The cell names a `TokenEntropy` of each policy on its own completions, and a `Score` at the same temperatures.
    """

    before: str = "entropy_before"
    after: str = "entropy_after"
    score: str = "tempered"

    @property
    def needs(self) -> tuple[str, ...]:
        return self.before, self.after, self.score

    def chosen(self, cell: Cell, shelf: Shelf) -> Tempered:
        """The scores of the cell, with the temperature of matched entropy."""
        tried = cell.stage(self.after, TokenEntropy)
        target = float(read_entropy(cell.stage(self.before, TokenEntropy), shelf)[0])
        return Tempered(scored(cell, self.score, shelf), tried.temperatures[nearest(read_entropy(tried, shelf), target)])

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        found = self.chosen(cell, shelf)
        for k in KS:
            yield from means(cell, "after", f"matched pass@{k}", found.scores, exact_pass_at_k(found.logp, k))
        yield cell.fact("after", TEMPERATURE, None, found.temperature)
        for phase, name in (("before", self.before), ("after", self.after)):
            stage = cell.stage(name, TokenEntropy)
            yield cell.fact(phase, ENTROPY, None, float(read_entropy(stage, shelf)[stage.temperatures.index(1.0)]))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        yield from imagined(cell, "after", (f"matched pass@{k}" for k in KS), difficulties(cell.stage(self.score, Score)))
        yield cell.fact("after", TEMPERATURE, None, 1.0)
        yield from (cell.fact(phase, ENTROPY, None, 0.0) for phase in ("before", "after"))
