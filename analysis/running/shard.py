"""A part of a study for one of several jobs: known from the expressions alone, so that jobs need not speak with each other.

Cells follow each other seed by seed, and a shard is a stretch of them, of equal work. So two shards share the stages of one seed at most;
whoever comes first makes them, and the other does its own work meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

from analysis.studies.study import Cell
from synthtasks.checked import From, check
from train.learn import Learn
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.sample import Sample
from train.score import Score
from train.stages.stage import Stage, closure

LENGTH = 64  # tokens of a problem with its solution, roughly: only how kinds of stages compare matters
BACKWARD = 3  # what training on a token costs, in tokens forward


@dataclass(frozen=True)
class Shard:
    """The `index`-th of `count` parts, from 1."""

    index: Annotated[int, From(1)] = 1
    count: Annotated[int, From(1)] = 1

    def __post_init__(self) -> None:
        check(self)
        if self.index > self.count:
            raise ValueError(f"of {self.count} shards there is none with number {self.index}")

    def part(self, cells: Sequence[Cell]) -> tuple[Cell, ...]:
        """The cells of this shard: those whose middle lies in its stretch of all the work."""
        seen: set[Stage] = set()
        ends = [0.0]
        for cell in cells:
            new = [s for s in closure(cell.stages()) if s not in seen]
            seen.update(new)
            ends.append(ends[-1] + 1 + sum(work(s) for s in new))
        middles = [(a + b) / 2 / ends[-1] * self.count for a, b in pairwise(ends)]
        return tuple(c for c, middle in zip(cells, middles, strict=True) if int(middle) == self.index - 1)


WHOLE = Shard()


def shard(text: str) -> Shard:
    """What `2/8` means.

    Raises:
        ValueError: if it is not of that form.
    """
    try:
        index, count = map(int, text.split("/"))
    except ValueError:
        index = count = 0
    if not 1 <= index <= count:
        raise ValueError(f"--shard takes i/n with i from 1 to n, as in 2/8; found {text!r}")
    return Shard(index, count)


def work(stage: Stage) -> float:
    """What a stage costs, in tokens forward, told from its expression: equal on every machine."""
    match stage:
        case Learn(losses=losses):
            return stage.iterations * sum(_iteration(loss) for _, loss in losses)
        case Score():
            return stage.problems * len(stage.families) * LENGTH
        case Sample():
            return stage.problems * stage.sampler.group * LENGTH
        case _:
            return 0.0


def _iteration(loss: object) -> float:
    match loss:
        case Imitate():
            return BACKWARD * loss.tokens
        case Practice():
            return (1 + BACKWARD) * loss.problems * loss.sampler.group * LENGTH
        case _:
            return 0.0
