"""The data card of exported items: description, generation, counts, and code that reproduces them."""

import inspect
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from synthtasks.checked import Checked, From
from synthtasks.datasets.items import Items
from synthtasks.datasets.recipe import Json, modules_of, to_json
from synthtasks.families import Family, Mix
from synthtasks.problem import TEST_SHARE, Split

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M"))
LARGEST = "10M<n<100M"


@dataclass(frozen=True)
class Counts(Checked):
    """The counts of a file."""

    split: Split
    rows: Annotated[int, From(1)]
    distinct: Annotated[int, From(1)]  # problems, by key
    question: tuple[int, ...]  # words of each question, sorted
    solution: tuple[int, ...]  # words of each solution, sorted
    size: Annotated[int, From(1)]  # bytes
    sha256: str


def card(parts: Sequence[Items], counts: Sequence[Counts], inside: int) -> str:
    """The card as Markdown with a front matter in YAML; `inside` is that of `synthtasks.datasets.export.inside`."""
    sections = (
        front_matter(parts[0], counts),
        f"# {parts[0].source}\n\n{_description(parts[0].family)}",
        _example(parts[0]),
        _dials(parts[0]),
        _made(parts),
        _counted(counts, inside),
        _again(parts),
    )
    return "\n\n".join(sections) + "\n"


def front_matter(items: Items, counts: Sequence[Counts]) -> str:
    """The metadata that the Hub reads: files, licence, tags and size."""
    rows = sum(c.rows for c in counts)
    size = next((name for below, name in SIZES if rows < below), LARGEST)
    files = "\n".join(f"  - split: {c.split}\n    path: {c.split}.jsonl" for c in counts)
    return f"""---
license: mit
pretty_name: {items.source}
task_categories:
- text-generation
tags:
- synthetic
- reasoning
- {type(items.family).__name__.lower()}
size_categories:
- {size}
configs:
- config_name: default
  data_files:
{files}
---"""


def _description(family: Family) -> str:
    """The docstring without its examples; for a mixture, with those of its families."""
    own = (inspect.getdoc(type(family)) or "").split(">>>")[0].split("Raises:")[0].strip()
    inner = [_description(part.family) for part in family.parts] if isinstance(family, Mix) else []
    return "\n\n".join((own, *dict.fromkeys(inner)))


def _example(items: Items) -> str:
    item = items[0]
    return f"""## An example

`question`, `solution` and `answer` of the first line. `metadata` names the source.

```text
{item["question"]}
```

```text
{item["metadata"]["solution"]}
```

```text
{item["answer"]}
```"""


def _dials(items: Items) -> str:
    family, surface, form = to_json(items.family), to_json(items.surface), to_json(items.form)
    table = "\n".join(f"| `{name}` | `{_cell(value)}` |" for name, value in family.items() if name != "kind")
    surface_is, form_is = (
        f"`{told['kind']}`" + "".join(f", {name} `{_cell(value)}`" for name, value in told.items() if name != "kind")
        for told in (surface, form)
    )
    return f"""## Dials

| dial of `{family["kind"]}` | value |
|---|---|
{table}

Surface: {surface_is}. Form: {form_is}."""


def _cell(value: Json) -> str:
    return json.dumps(value).replace("|", "\\|")


def _made(parts: Sequence[Items]) -> str:
    names = "; ".join(f'in {items.split} `("items", {items.seed}, i)`' for items in parts)
    return f"""## How it was made

A program generates every problem, with its answer and a step-by-step solution. Problem i has a name ({names}), and a
generator keyed by a hash of the name gives its random numbers, so the problem does not depend on earlier draws.

**Splits.** A problem is in test if the hash of its proof lies in the lowest {TEST_SHARE:.1%} of all hashes, else in train. The
hash ignores names, order, distractors and wording, so no seed, shuffle or surface moves a problem to the other split. This holds
for whole problems: the derivation of a longer training problem may contain that of a test problem.
`python -m synthtasks stats FAMILY --overlap` measures how often; the count for these files is below."""


def _counted(counts: Sequence[Counts], inside: int) -> str:
    rows = "\n".join(
        f"| {c.split} | {c.rows:,} | {c.distinct:,} | {_spread(c.question)} | {_spread(c.solution)} | {c.size:,} | `{c.sha256}` |"
        for c in counts
    )
    return f"""## Counts

| split | rows | different problems | words of a question | of a solution | bytes | SHA-256 |
|---|---|---|---|---|---|---|
{rows}

Words are given as minimum, median and maximum. Problems that are in more than one split: 0.{_overlap(counts, inside)}"""


def _overlap(counts: Sequence[Counts], inside: int) -> str:
    """The overlap of test with train, if there are both."""
    test = [c.distinct for c in counts if c.split == "test"]
    if not test or len(counts) < 2:
        return ""
    return f"\nDifferent test problems whose derivation a training problem contains: {inside:,} of {test[0]:,}."


def _spread(counted: tuple[int, ...]) -> str:
    return f"{counted[0]}, {counted[len(counted) // 2]}, {counted[-1]}"


def _again(parts: Sequence[Items]) -> str:
    recipes = ",\n    ".join(repr(json.dumps(to_json(items))) for items in parts)
    own = "".join(f"import {module}  # your own\n" for module in sorted(frozenset().union(*(modules_of(to_json(p)) for p in parts))))
    return f"""## Reproduction

With the same version of `synthtasks`, this code gives the same checksums; other checksums mean another generator.

```python
import json
from pathlib import Path

{own}from synthtasks.datasets.export import export
from synthtasks.datasets.recipe import items_from_json

recipes = (
    {recipes},
)
export([items_from_json(json.loads(recipe)) for recipe in recipes], Path("again"))
```

`items.score_answer(text, row)` and `items.score_process(text, row)` judge a completion of a row of these items."""
