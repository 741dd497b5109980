"""TRL: items as the rows and the reward function of its trainers (`GRPOTrainer` and its kin, trl 1).

This module needs nothing of TRL's:

    items = Items(Dag(), Equations(), "train", seed=0, size=10_000)
    GRPOTrainer(model, reward_funcs=Reward(items, Items.process), train_dataset=Dataset.from_list(rows(items)), ...)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypedDict

from synthtasks.datasets.items import Items
from synthtasks.datasets.received import Reply, text_of
from synthtasks.problem import Problem

Grade = Callable[[Items, str, Problem], float]
"""`Items.outcome` or `Items.process`."""


class Message(TypedDict):
    """A turn of a conversation."""

    role: str
    content: str | None


class Row(TypedDict):
    """A row of a data set: what is asked, and the columns by which the reward finds the item."""

    prompt: str
    source_index: int
    key: str


class ChatRow(TypedDict):
    """The same, asked by the user of a chat."""

    prompt: list[Message]
    source_index: int
    key: str


def rows(items: Items) -> list[Row]:
    """The items for a model that continues texts."""
    return [{"prompt": i["question"], "source_index": i["metadata"]["source_index"], "key": i["metadata"]["key"]} for i in items]


def chat_rows(items: Items) -> list[ChatRow]:
    """The items for a model that answers in a chat."""
    return [{**row, "prompt": [{"role": "user", "content": row["prompt"]}]} for row in rows(items)]


@dataclass(frozen=True)
class Reward:
    """The reward of every completion, in [0, 1], as a trainer asks for it.

    The trainer drops special tokens from completions. If `<end>` is one, as it is where it ends generation, it must be
    put back: `ending=" <end>"`.
    """

    items: Items
    grade: Grade
    ending: str = ""  # what is put after each completion before it is read

    @property
    def __name__(self) -> str:
        """Under which the trainer logs the reward."""
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
            ValueError: if the batch's columns differ in length or lack one, its rows are not of these items, or a completion is
                nothing that a model can have said.
        """
        lengths = {"prompts": len(prompts), "completions": len(completions), "source_index": len(source_index), "key": len(key)}
        if len(set(lengths.values())) > 1:
            raise ValueError(
                f"a batch has as many prompts, completions and rows of every column; found {lengths}. "
                "`rows` and `chat_rows` make a data set with these columns"
            )
        return [
            self.grade(self.items, text_of(completion) + self.ending, self.items.asked(i, k))
            for completion, i, k in zip(completions, source_index, key, strict=True)
        ]
