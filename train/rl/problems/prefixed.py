"""Starts from a prefix of the solution."""

from dataclasses import dataclass, replace
from math import floor
from typing import Annotated

from synthtasks.checked import Checked, From
from synthtasks.families import Begun
from synthtasks.rng import rng
from train.rl.problems.source import ProblemSource, stream, trials
from train.stages.stage import Context


@dataclass(frozen=True)
class Prefixed(Checked):
    """Problems whose prompt is followed, in a share of them, by the first steps of the reference solution; the policy goes on from there
    (POPE, arXiv:2601.18779).

    The judge judges the whole. Only what the policy writes is learned from, and all completions of a problem begin alike. The number of
    steps is rounded to the nearest. Problems with a prefix are spread evenly over the batch; their number is rounded up or down at random,
    and its mean is the share exactly.
    """

    source: ProblemSource
    share: Annotated[float, From(0, 1)] = 0.5  # of problems with a prefix
    given: Annotated[float, From(0, 1)] = 0.5  # of the steps of their solutions

    @property
    def stream(self) -> object:
        return stream(self.source)

    def trials(self) -> tuple["Prefixed", "Prefixed"]:
        usual, longest = (replace(self, source=source) for source in trials(self.source))
        return usual, longest

    def batch(self, context: Context, count: int, seed: int, iteration: int, draw: int) -> Begun:
        problems = self.source.batch(context, count, seed, iteration, draw)
        u = rng("prefix", seed, iteration, draw).random()
        helped = [floor((i + 1) * self.share + u) > floor(i * self.share + u) for i in range(count)]  # systematic sampling
        return Begun(problems, tuple(round(self.given * len(problems[i].proof)) if yes else 0 for i, yes in enumerate(helped)))
