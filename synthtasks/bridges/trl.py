"""Rows and reward functions for the trainers of TRL (`GRPOTrainer` and others of trl 1).

This module does not import TRL:

    items = Items(Dag(), Equations(), "train", seed=0, size=10_000)
    GRPOTrainer(model, reward_funcs=Reward(items, Items.process), train_dataset=Dataset.from_list(rows(items)), ...)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypedDict, TypeVar

from synthtasks.datasets.items import Items
from synthtasks.datasets.received import Message, PartMessage, Reply, in_parts, text_of
from synthtasks.problem import Problem

T = TypeVar("T")
Grade = Callable[[Items, str, Problem], float]
"""`Items.outcome` or `Items.process`."""


class Row(TypedDict):
    """A row of a data set: the prompt, and the columns by which the reward finds the item."""

    prompt: str
    source_index: int
    key: str


class ChatRow(TypedDict):
    """A row whose prompt is a conversation."""

    prompt: list[Message]
    source_index: int
    key: str


class PartRow(TypedDict):
    """A row whose prompt is a conversation of messages in parts, as processors of models for images and text take them."""

    prompt: list[PartMessage]
    source_index: int
    key: str


def rows(items: Items) -> list[Row]:
    """Rows for a model that continues texts."""
    return [{"prompt": i["question"], "source_index": i["metadata"]["source_index"], "key": i["metadata"]["key"]} for i in items]


def chat_rows(items: Items) -> list[ChatRow]:
    """Rows for a chat model."""
    return [{**row, "prompt": items.messages(row["source_index"])} for row in rows(items)]


def part_rows(items: Items) -> list[PartRow]:
    """Rows for a chat model whose messages have parts."""
    return [{**row, "prompt": in_parts(row["prompt"])} for row in chat_rows(items)]


@dataclass(frozen=True)
class Reward:
    """A reward function for a trainer; rewards are in [0, 1].

    The trainer drops special tokens from completions. If `<end>` is a special token, put it back with `ending=" <end>"`.
    """

    items: Items
    grade: Grade
    ending: str = ""  # appended to each completion before it is judged

    @property
    def __name__(self) -> str:
        """The name under which the trainer logs the reward."""
        return self.grade.__name__

    def __call__(
        self,
        prompts: Sequence[Reply],
        completions: Sequence[Reply],
        *,
        source_index: Sequence[float] = (),
        key: Sequence[str] = (),
        **others: object,
    ) -> list[float]:
        """The rewards of a batch, in its order.

        Raises:
            ValueError: if a column is missing or differs in length, a row is not one of these items, or a completion is no `Reply`.
        """
        lengths = {"prompts": len(prompts), "completions": len(completions), "source_index": len(source_index), "key": len(key)}
        if len(set(lengths.values())) > 1:
            advice = "`rows` and `chat_rows` make a data set with these columns"
            raise ValueError(f"prompts, completions and columns of a batch must have one length; found {lengths}. {advice}")
        return [
            self.grade(self.items, text_of(completion) + self.ending, self.items.asked(i, k))
            for completion, i, k in zip(completions, source_index, key, strict=True)
        ]


@dataclass(frozen=True)
class Rewards:
    """A reward function for rows of several parts of a data set; their column `split` says of which."""

    parts: tuple[Items, ...]
    grade: Grade
    ending: str = ""  # as in `Reward`

    @property
    def __name__(self) -> str:
        """The name under which the trainer logs the reward."""
        return self.grade.__name__

    def __call__(
        self,
        prompts: Sequence[Reply],
        completions: Sequence[Reply],
        *,
        split: Sequence[str] = (),
        source_index: Sequence[float] = (),
        key: Sequence[str] = (),
        **others: object,
    ) -> list[float]:
        """The rewards of a batch, in its order.

        Raises:
            ValueError: as `Reward`; or if a row is of a split that is not among the parts.
        """
        if len(split) != len(completions):
            raise ValueError(f"every completion has a split; found {len(completions)} completions and {len(split)} splits")
        if strange := set(split) - {items.split for items in self.parts}:
            raise ValueError(f"rewards are for {', '.join(i.split for i in self.parts)}; found a row of split {min(strange)!r}")
        found = [0.0] * len(completions)
        for items in self.parts:
            mine = [i for i, own in enumerate(split) if own == items.split]
            prompted, completed = _at(mine, prompts), _at(mine, completions)
            rewards = Reward(items, self.grade, self.ending)(prompted, completed, source_index=_at(mine, source_index), key=_at(mine, key))
            for i, reward in zip(mine, rewards, strict=True):
                found[i] = reward
        return found


def _at(places: Sequence[int], column: Sequence[T]) -> list[T]:
    """The cells of a column at these places, as far as it goes."""
    return [column[i] for i in places if i < len(column)]
