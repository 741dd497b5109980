"""The crossover: the number of samples from which on a base solves as much as the policy that learned from it (arXiv:2504.13837)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.measures.edge import Edge
from analysis.measures.estimates import Floats, exact_pass_at_k, sampled_pass_at_k
from analysis.measures.exact import EVERY_K, bands_of, scored
from analysis.measures.facts import Cell, Fact
from train.sample import Sample, read_samples
from train.stages.stage import Shelf

MANY = 256  # samples of the base in the gap of sampling efficiency
PROCESS, ANSWER, SAMPLED = "exact process", "answer", "sampled process"


def guess_floor(answers: int, k: int) -> float:
    """The chance that one of k guesses among so many answers is right: 1 - (1 - 1/answers)^k."""
    return -float(np.expm1(k * np.log1p(-1 / answers))) if answers > 1 else 1.0


def log_failure(logp: Floats, k: int) -> float:  # [P]
    """The logarithm of the mean chance that none of k samples solves a problem: it tells policies apart where pass@k rounds to 1."""
    with np.errstate(divide="ignore"):  # p = 1 gives log(0)
        each = k * np.log1p(-np.exp(np.minimum(logp, 0.0)))
    return float(np.logaddexp.reduce(each)) - float(np.log(len(each)))


def crossover(before: Mapping[int, float], after: Mapping[int, float]) -> int | None:
    """The smallest k at which the base fails no more often than the policy after learning; None if there is none among these k.

    Both map k to a number that rises with the share of problems that k samples do not solve.
    """
    return next((k for k in sorted(before) if before[k] <= after[k]), None)


def told(cell: Cell, of: str, ks: Sequence[int], found: int | None, lead: float, n: int) -> Iterator[Fact]:
    """The facts of a crossover; one that there is none of has no place."""
    yield cell.fact("after", f"crossed by {of}", None, float(found is not None), n)
    yield cell.fact("after", f"lead of the base by {of}", None, lead, n)
    if found is not None:
        yield cell.fact("after", f"crossover by {of}", None, float(found), n)


@dataclass(frozen=True)
class Crossover:
    """The crossover by exact process on the band at the cell's edge, over every k up to a million: `crossed` is 1 if there is one,
    `crossover` its k, and `lead of the base` the largest excess of the base's mean pass@k over the other's, at any k (negative if it never
    leads). `efficiency gap` is pass@256 of the base less pass@1 after learning."""

    before: str = "before"
    after: str = "after"

    @property
    def needs(self) -> tuple[str, ...]:
        return self.before, self.after, "edge"

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        if not (band := bands_of(cell, shelf)["at"]):
            return
        ends = [s.plain[[s.at(n) for n in band]].ravel() for s in (scored(cell, name, shelf) for name in (self.before, self.after))]
        found = crossover(*({k: log_failure(logp, k) for k in EVERY_K} for logp in ends))
        lead = max(float((exact_pass_at_k(ends[0], k) - exact_pass_at_k(ends[1], k)).mean()) for k in EVERY_K)
        yield from told(cell, PROCESS, EVERY_K, found, lead, len(ends[0]))
        gap = float(exact_pass_at_k(ends[0], MANY).mean() - exact_pass_at_k(ends[1], 1).mean())
        yield cell.fact("after", "efficiency gap", None, gap, len(ends[0]))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        yield from told(cell, PROCESS, EVERY_K, 1, 0.0, 0)
        yield cell.fact("after", "efficiency gap", None, 0.0)


@dataclass(frozen=True)
class SampledCrossover:
    """The crossovers by answer and by process of two samples of the same problems, over k up to half of the completions of a problem; both
    curves, with k as axis; and the `guess floor` of answers. An answer may be guessed, so that a base crosses by answer where it does not
    by process."""

    before: str = "sampled_before"
    after: str = "sampled_after"

    @property
    def needs(self) -> tuple[str, ...]:
        return self.before, self.after, "edge"

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        samples = {phase: cell.stage(name, Sample) for phase, name in (("before", self.before), ("after", self.after))}
        read, sizes = {phase: read_samples(s, shelf) for phase, s in samples.items()}, samples["before"].problems
        ks = halves(samples["before"])
        for of in (ANSWER, SAMPLED):
            curves = dict[str, dict[int, float]]()
            for phase, found in read.items():
                right = found.correct if of == ANSWER else found.process
                n, c = np.bincount(found.problem), np.bincount(found.problem, weights=right).astype(np.int64)
                curves[phase] = {k: float(sampled_pass_at_k(n, c, k).mean()) for k in ks}
                yield from (cell.fact(phase, f"pass@k by {of}", k, value, sizes) for k, value in curves[phase].items())
            fails = ({k: -value for k, value in curve.items()} for curve in curves.values())
            yield from told(cell, of, ks, crossover(*fails), max(curves["before"][k] - curves["after"][k] for k in ks), sizes)
        answers = cell.stage("edge", Edge).scores.families[0].modulus
        yield from (cell.fact("floor", f"pass@k by {ANSWER}", k, guess_floor(answers, k)) for k in ks)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        ks = halves(cell.stage(self.before, Sample))
        for of in (ANSWER, SAMPLED):
            yield from (cell.fact(phase, f"pass@k by {of}", k, 0.0) for phase in ("before", "after") for k in ks)
            yield from told(cell, of, ks, 1, 0.0, 0)
        yield from (cell.fact("floor", f"pass@k by {ANSWER}", k, 0.0) for k in ks)


def halves(sample: Sample) -> tuple[int, ...]:
    """The powers of 2 up to half of the completions of a problem."""
    return tuple(k for k in (1 << i for i in range(20)) if 2 * k <= sample.sampler.group)
