"""A data set for TRL with its rewards as a file beside it. This module does not import TRL.

export_trl(parts, Path("dag-trl"))

from reward import outcome  # in dag-trl, where synthtasks is installed
GRPOTrainer(model, reward_funcs=[outcome], train_dataset=Dataset.from_json("train.jsonl"), ...)
"""

import json
from collections.abc import Sequence
from pathlib import Path

from synthtasks.asking import Plain
from synthtasks.bridges.trl import chat_rows, rows
from synthtasks.datasets.draft import appearing
from synthtasks.datasets.export import matched
from synthtasks.datasets.items import Items
from synthtasks.datasets.recipe import modules_of, to_json


def export_trl(parts: Sequence[Items], folder: Path) -> None:
    """Write `train.jsonl` and `test.jsonl`, one for each part, and `reward.py`, which holds `outcome` and `process`.

    Prompts are texts if the items are asked plainly, for a model that learned their words, and conversations otherwise. Modules of your
    own must be importable where the reward is used. The folder appears whole or not at all.

    Raises:
        ValueError: if the parts make no data set (see `synthtasks.datasets.export.export`), or have no recipe.
        FileExistsError: if the folder exists.
    """
    matched(parts)
    recipes = [json.dumps(to_json(items)) for items in parts]
    own = sorted(frozenset[str]().union(*(modules_of(to_json(items)) for items in parts)))
    with appearing(folder) as draft:
        for items in parts:
            written = rows(items) if isinstance(items.form, Plain) else chat_rows(items)
            text = "".join(json.dumps({**row, "split": items.split}) + "\n" for row in written)
            (draft / f"{items.split}.jsonl").write_text(text, encoding="utf-8")
        (draft / "reward.py").write_text(_module(recipes, " ".join(own), isinstance(parts[0].form, Plain)), encoding="utf-8")


def _module(recipes: Sequence[str], own: str, plain: bool) -> str:
    listed = "".join(f"    items_from_text({recipe!r}),\n" for recipe in recipes)
    load, loading = ("from synthtasks.datasets.own import load\n", f"load({own!r})\n") if own else ("", "")
    ending = " <end>" if plain else ""
    why = "  # a trainer drops this special token from completions" if plain else ""
    return f'''"""Rewards of the rows in this folder, for `GRPOTrainer(reward_funcs=[outcome])`. Needs synthtasks."""

from synthtasks.bridges.trl import Rewards
from synthtasks.datasets.items import Items
{load}from synthtasks.datasets.recipe import items_from_text

{loading}PARTS = (
{listed})
ENDING = {ending!r}{why}
outcome = Rewards(PARTS, Items.outcome, ENDING)  # the answer is right
process = Rewards(PARTS, Items.process, ENDING)  # every step is
'''
