"""Questions from datasets of Reasoning Gym, with disjoint splits and seeds (`pip install synthtasks[reasoning-gym]`).

In Reasoning Gym, item i of seed s is item 0 of seed s + i, so neighbouring seeds share nearly all items. Here every item
is item 0 of its own seed, a hash of the item's name.
"""

import hashlib
from dataclasses import dataclass
from typing import TypedDict

import reasoning_gym
from reasoning_gym.factory import DATASETS

from synthtasks.datasets.received import Reply, member, text_of, whole
from synthtasks.families.kit.family import ATTEMPTS
from synthtasks.problem import TEST_SHARE, Split
from synthtasks.rng import rng

Setting = bool | int | float | str | tuple["Setting", ...]
OURS = frozenset({"seed", "size"})  # settings that the name of an item decides
SEEDS = 2**32  # some datasets take no larger seed; among 100,000 items about one pair collides


class ForeignItem(TypedDict):
    """An item of Reasoning Gym; its metadata also holds `split` and `seed`."""

    question: str
    answer: str | None  # None in some datasets whose judge accepts many answers
    metadata: dict[str, object]


@dataclass(frozen=True)
class Foreign:
    """A dataset of Reasoning Gym by its name there, with settings that differ from its defaults.

    Its items have no steps: Reasoning Gym judges their answers alone.

    >>> chains = Foreign("chain_sum", (("min_terms", 3), ("max_terms", 3)))
    >>> item = chains.item("test", "my exam", 0)
    >>> chains.score(item["answer"], item)
    1.0

    Raises:
        ValueError: if there is no such dataset, or `config` sets the seed or the size.
    """

    name: str
    config: tuple[tuple[str, Setting], ...] = ()

    def __post_init__(self) -> None:
        if self.name not in DATASETS:
            raise ValueError(f"Reasoning Gym has no dataset {self.name!r}; it has {', '.join(sorted(DATASETS))}")
        if taken := OURS & {setting for setting, _ in self.config}:
            raise ValueError(f"{' and '.join(sorted(taken))} cannot be set: an item's seed follows from its name")

    def item(self, split: Split, *path: str | int) -> ForeignItem:
        """The item called `path`: the first of its draws whose question lies in `split`.

        A hash of the question's text decides the split, so no question is in both. A paraphrase is another question.

        Raises:
            ValueError: if no draw lies in the split, because the dataset is too small to be split.
        """
        for attempt in range(ATTEMPTS):
            seed = int(rng("reasoning gym", self.name, *path, attempt).integers(SEEDS))
            drawn = self._dataset(seed)[0]
            if split_of(drawn["question"]) == split:
                metadata = {**drawn["metadata"], "split": split, "seed": seed}
                return {"question": drawn["question"], "answer": drawn["answer"], "metadata": metadata}
        raise ValueError(f"{self} has no {split} items: {ATTEMPTS:,} draws all fell in the other split")

    def score(self, answer: Reply, item: ForeignItem) -> float:
        """The score of Reasoning Gym for an answer: 1.0 if it is right; a wrong answer may score above 0.

        Raises:
            ValueError: if the item's metadata lacks its seed, or the answer is no `Reply`.
        """
        seed = whole(member(member(item, "metadata", "an item"), "seed", "the metadata of an item"), "the seed of an item")
        return float(self._dataset(seed).score_answer(None if answer is None else text_of(answer), item))

    def _dataset(self, seed: int) -> reasoning_gym.dataset.ProceduralDataset:
        return reasoning_gym.create_dataset(self.name, seed=seed, size=1, **dict(self.config))


def split_of(question: str) -> Split:
    """ "test" for one question in eight, by a hash of its text."""
    return "test" if int(hashlib.sha256(question.encode()).hexdigest()[:8], 16) < TEST_SHARE * 2**32 else "train"
