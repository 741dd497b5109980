"""Rows of verl's parquet files, and reward functions that score a completion from its row alone.

    custom_reward_function.path=pkg://synthtasks.bridges.verl  custom_reward_function.name=compute_score

`synthtasks.bridges.verl_parquet` writes the files.
"""

import json
from collections.abc import Mapping
from typing import Literal, TypedDict

from synthtasks.datasets.items import Items
from synthtasks.datasets.own import load
from synthtasks.datasets.received import Message, PartMessage, Reply, in_parts, text, text_of
from synthtasks.datasets.recipe import items_from_text, to_json
from synthtasks.problem import Problem, Split
from synthtasks.surfaces.surface import spell

FAMILY = "synthtasks/"  # the beginning of every `data_source`


class RewardModel(TypedDict):
    """The style of scoring, and the right answer."""

    style: Literal["rule"]
    ground_truth: str


class ExtraInfo(TypedDict):
    """The index and key of an item, and the recipe of its items."""

    split: Split
    index: int
    key: str
    recipe: str


class Row(TypedDict):
    """A row of a parquet file."""

    data_source: str
    prompt: list[Message]
    ability: str
    reward_model: RewardModel
    extra_info: ExtraInfo


class PartRow(TypedDict):
    """A row whose messages have parts, for a model whose processor takes these."""

    data_source: str
    prompt: list[PartMessage]
    ability: str
    reward_model: RewardModel
    extra_info: ExtraInfo


def part_rows(items: Items) -> list[PartRow]:
    """The items as rows of messages in parts.

    Raises:
        ValueError: as `rows`.
    """
    return [{**row, "prompt": in_parts(row["prompt"])} for row in rows(items)]


def rows(items: Items) -> list[Row]:
    """The items as rows.

    Raises:
        ValueError: if the items hold something that no recipe can name.
    """
    recipe = json.dumps(to_json(items))
    return [
        {
            "data_source": items.source,
            "prompt": items.messages(index),
            "ability": "reasoning",
            "reward_model": {"style": "rule", "ground_truth": item["answer"]},
            "extra_info": {"split": items.split, "index": index, "key": item["metadata"]["key"], "recipe": recipe},
        }
        for index, item in enumerate(items)
    ]


def compute_score(
    data_source: str, solution_str: Reply, ground_truth: str, extra_info: ExtraInfo | None = None, ending: str = "", own: str = ""
) -> float:
    """1.0 if the answer is right, else 0.0; see `Items.outcome`.

    verl drops special tokens from completions. If `<end>` is one, put it back: `custom_reward_function.reward_kwargs.ending=" <end>"`.
    Modules of your own families and surfaces are imported where they are named: `custom_reward_function.reward_kwargs.own=clock`.

    Raises:
        ValueError: if the row is not from this library, or its recipe draws another problem in this version.
    """
    load(own)
    items, problem = _row(data_source, ground_truth, extra_info)
    return items.outcome(text_of(solution_str) + ending, problem)


def compute_process_score(
    data_source: str, solution_str: Reply, ground_truth: str, extra_info: ExtraInfo | None = None, ending: str = "", own: str = ""
) -> float:
    """1.0 if the completion is a right derivation of the right answer, else 0.0; see `Items.process` and `compute_score`."""
    load(own)
    items, problem = _row(data_source, ground_truth, extra_info)
    return items.process(text_of(solution_str) + ending, problem)


def _row(data_source: str, ground_truth: str, extra_info: ExtraInfo | None) -> tuple[Items, Problem]:
    if not text(data_source, "data_source").startswith(FAMILY):
        raise ValueError(f"this reward function scores rows whose data_source begins with {FAMILY!r}; found {data_source!r}")
    known: Mapping[str, object] = extra_info if isinstance(extra_info, Mapping) else {}
    if absent := [name for name in ("index", "key", "recipe") if known.get(name) is None]:
        lacks = f"{', '.join(absent)} in extra_info" if known else "extra_info"
        raise ValueError(f"this row of {data_source} lacks {lacks}; write it with `synthtasks.bridges.verl.rows`")
    items = items_from_text(text(known["recipe"], "recipe in extra_info"))
    problem = items.asked(known["index"], known["key"])
    answer = " ".join(spell(problem.answer))
    if (items.source, answer) != (data_source, ground_truth):
        given = f"its recipe gives {items.source} and {answer!r}"
        raise ValueError(f"row {known['index']} of {data_source} says {ground_truth!r}; {given}: the row was edited")
    return items, problem
