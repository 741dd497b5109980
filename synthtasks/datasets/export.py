"""Export of items as JSON lines with a data card, for the Hugging Face Hub and `datasets`."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TypedDict

from synthtasks.datasets.card import Counts, card
from synthtasks.datasets.draft import appearing
from synthtasks.datasets.items import Items, Metadata
from synthtasks.datasets.recipe import to_json
from synthtasks.problem import Split


class Provenance(Metadata):
    """The metadata of an item, and the recipe that draws it again."""

    recipe: str


class Row(TypedDict):
    """A line of a file."""

    question: str
    answer: str
    solution: str
    metadata: Provenance


def export(parts: Sequence[Items], folder: Path) -> tuple[Counts, ...]:
    """Write `train.jsonl` and `test.jsonl`, one for each part, and `README.md`, the card; return the counts of the files.

    The folder appears whole or not at all.

    Raises:
        ValueError: if two parts have the same split, or differ in more than split, seed and size; if two parts share a
            problem; or if a part holds something that this library does not define, so no recipe can name it.
        FileExistsError: if the folder exists.
    """
    matched(parts)
    with appearing(folder) as draft:
        counts: list[Counts] = []
        keys: dict[Split, set[str]] = {}
        for items in parts:
            rows = list(lines(items))
            text = "".join(json.dumps(row) + "\n" for row in rows)
            (draft / f"{items.split}.jsonl").write_text(text, encoding="utf-8")
            keys[items.split] = {row["metadata"]["key"] for row in rows}
            counts.append(count(items.split, rows, text))
        (draft / "README.md").write_text(card(parts, counts, inside(parts, keys)), encoding="utf-8")
    return tuple(counts)


def inside(parts: Sequence[Items], keys: Mapping[Split, set[str]]) -> int:
    """The number of different test problems whose derivation a training problem contains; `keys` holds their keys by split.

    Raises:
        ValueError: if a test problem is a training problem.
    """
    test, train = keys.get("test", set[str]()), keys.get("train", set[str]())
    if shared := len(test & train):
        raise ValueError(f"{shared} of the {len(test)} different test problems are among the {len(train)} of train; nothing is written")
    derived = (items.problem(i).derivations for items in parts if items.split == "train" and test for i in range(len(items)))
    return len(test.intersection(chain.from_iterable(derived)))


def lines(items: Items) -> Iterator[Row]:
    """The rows of a file."""
    recipe = json.dumps(to_json(items))
    for item in items:
        metadata: Provenance = {**item["metadata"], "recipe": recipe}
        yield {"question": item["question"], "answer": item["answer"], "solution": item["metadata"]["solution"], "metadata": metadata}


def count(split: Split, rows: Sequence[Row], text: str) -> Counts:
    """Counts of the rows of a file."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    distinct = len({row["metadata"]["key"] for row in rows})
    questions, solutions = (sorted(len(row[part].split()) for row in rows) for part in ("question", "solution"))
    return Counts(split, len(rows), distinct, tuple(questions), tuple(solutions), len(text.encode()), digest)


def matched(parts: Sequence[Items]) -> None:
    """Check that the parts make one data set.

    Raises:
        ValueError: if they do not.
    """
    if not parts or len({items.split for items in parts}) < len(parts):
        raise ValueError(f"a data set has one part for each of its splits; found {[items.split for items in parts]}")
    first = parts[0]
    for items in parts[1:]:
        if replace(items, split=first.split, seed=first.seed, size=first.size) != first:
            raise ValueError(f"the parts of a data set differ in split, seed and size alone; found {first} and {items}")
