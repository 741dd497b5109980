"""Success, repeats, invalid actions and tags in the episodes of a sample."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np

from analysis.measures.facts import Cell, Fact
from synthtasks.search import TAGS, Search, Turn, searched
from train.sample import Sample, read_samples
from train.stages.stage import Context, Shelf

Walk = tuple[Search, tuple[Turn, ...]]
SUCCESS, REPEATS, EARLY, INVALID = "success", "repeat rate", "early repeat rate", "invalid rate"
TURNS, ENTROPY = "turns of the horizon", "entropy of tags"


def walks(stage: Sample, shelf: Shelf) -> list[Walk]:  # [B]
    """The search and the turns of each episode of a sample."""
    found, surface = read_samples(stage, shelf), stage.sampler.surface
    problems = stage.met(cast(Context, shelf))
    replayed = cache(lambda p, words: (mine := searched(problems[p]), mine.replay(surface.read(tuple(words.split())))))
    return [replayed(p, words) for p, words in zip(found.problem.tolist(), found.words, strict=True)]


def rates(found: Sequence[Walk]) -> dict[str, float]:
    """Rates over all episodes, so that no failure is left out:

    - the share of episodes that succeed;
    - the share of turns that repeat an action in its state; and of those in the first half of the horizon, which most episodes reach;
    - the share of turns that are invalid;
    - the turns of an episode as a share of its horizon, where an episode without success takes all of it;
    - the entropy of the tags of all turns, over that of tags that are all as frequent.
    """
    each = [(search, turn, at) for search, turns in found for at, turn in enumerate(turns)]
    early = [turn for search, turn, at in each if 2 * at < search.horizon]
    reached = [bool(turns) and turns[-1].reached == search.goal for search, turns in found]
    lengths = [len(turns) / search.horizon if right else 1.0 for (search, turns), right in zip(found, reached, strict=True)]
    shares = np.array([*Counter(turn.tag for _, turn, _ in each).values()]) / max(1, len(each))
    return {
        SUCCESS: float(np.mean(reached)),
        REPEATS: sum(turn.repeat for _, turn, _ in each) / max(1, len(each)),
        EARLY: sum(turn.repeat for turn in early) / max(1, len(early)),
        INVALID: sum(not turn.valid for _, turn, _ in each) / max(1, len(each)),
        TURNS: float(np.mean(lengths)),
        ENTROPY: float(-(shares * np.log(shares)).sum() / np.log(len(TAGS))),
    }


def at_level(metric: str, level: str) -> str:
    """The metric at a level."""
    return f"{metric}, {level}"


@dataclass(frozen=True)
class Walks:
    """The `rates` of the `Sample` that the cell calls by its phase and a level, as "after L1"."""

    level: str
    phase: str = "after"

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"{self.phase} {self.level}",)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        found = walks(cell.stage(self.needs[0], Sample), shelf)
        for metric, value in rates(found).items():
            yield cell.fact(self.phase, at_level(metric, self.level), None, value, len(found))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        for metric in (SUCCESS, REPEATS, EARLY, INVALID, TURNS, ENTROPY):
            yield cell.fact(self.phase, at_level(metric, self.level), None, 0.0)
