"""Reasoning Gym: its datasets as a source of questions that splits and seeds cannot mix up (`pip install synthtasks[reasoning-gym]`).

There, item i of seed s is item 0 of seed s + i, so neighbouring seeds share nearly all of their items. Here every item is
item 0 of a seed of its own, a hash of the item's name.
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
OURS = frozenset({"seed", "size"})  # what the name of an item decides
SEEDS = 2**32  # some datasets take no larger seed; of 100,000 items about one pair shares one


class ForeignItem(TypedDict):
    """An item as Reasoning Gym made it; its metadata also holds `split` and `seed`."""

    question: str
    answer: str | None  # None in some datasets whose judge knows many right answers
    metadata: dict[str, object]


@dataclass(frozen=True)
class Foreign:
    """A dataset of Reasoning Gym by its name there, with settings that differ from its defaults.

    Its items are no graphs of steps: only their answers can be judged, by Reasoning Gym.

    >>> chains = Foreign("chain_sum", (("min_terms", 3), ("max_terms", 3)))
    >>> item = chains.item("test", "my exam", 0)
    >>> chains.score(item["answer"], item)
    1.0

    Raises:
        ValueError: if there is no such dataset, or a setting is not one's to choose.
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

        The split is a hash of the question's text, so no question is in both. The same task in other words is another.

        Raises:
            ValueError: if no draw lies in the split; the dataset is too small to be split.
        """
        for attempt in range(ATTEMPTS):
            seed = int(rng("reasoning gym", self.name, *path, attempt).integers(SEEDS))
            drawn = self._dataset(seed)[0]
            if split_of(drawn["question"]) == split:
                metadata = {**drawn["metadata"], "split": split, "seed": seed}
                return {"question": drawn["question"], "answer": drawn["answer"], "metadata": metadata}
        raise ValueError(f"{self} has no {split} items: {ATTEMPTS:,} draws all fell in the other split")

    def score(self, answer: Reply, item: ForeignItem) -> float:
        """What Reasoning Gym gives for the answer, by its own rules: 1.0 if it is right; often something if it is not.

        Raises:
            ValueError: if the item's metadata does not say its seed, or the answer is nothing that a model can have said.
        """
        seed = whole(member(member(item, "metadata", "an item"), "seed", "the metadata of an item"), "the seed of an item")
        return float(self._dataset(seed).score_answer(None if answer is None else text_of(answer), item))

    def _dataset(self, seed: int) -> reasoning_gym.dataset.ProceduralDataset:
        return reasoning_gym.create_dataset(self.name, seed=seed, size=1, **dict(self.config))


def split_of(question: str) -> Split:
    """ "test" for one question in eight, by a hash of its text."""
    return "test" if int(hashlib.sha256(question.encode()).hexdigest()[:8], 16) < TEST_SHARE * 2**32 else "train"
