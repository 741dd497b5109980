"""The kept table: what the laws found in one version, as data and as a page."""

import json
from pathlib import Path
from typing import cast

from synthtasks.laws.foreign import Table

FOLDER = Path(__file__).parent
DATA, PAGE = FOLDER / "found.json", FOLDER / "found.md"
SAYS = """\
[Reasoning Gym](https://github.com/open-thought/reasoning-gym) (arXiv:2505.24760) is a library of more than a hundred tasks with
scorers. These ten were chosen before anything was tried, for their kinds: arithmetic, algebra, graphs, logic, games and strings.
`python -m synthtasks.bridges.gym --again` makes this page anew in about a minute of one core. Every statement is about this version."""
ADVICE = """\
## If you train on these tasks

- Take seeds that are further apart than a dataset is large, or `synthtasks.bridges.reasoning_gym`, which hashes them and keeps
  train and test apart.
- Set `PYTHONHASHSEED` where you make items of `polynomial_multiplication`, and keep the items if you mean to compare runs.
- Leave out items of `propositional_logic` whose premises contradict each other: there, everything follows. Score its `example_answer`
  where you need a stated one.
- `polynomial_multiplication` and `countdown` read answers with SymPy's `parse_expr`, whose documentation warns that it uses `eval`: score
  what a model writes in a process that may do no harm.
- Partial credit is meant in some tasks (a longer path, a part of the roles). Where the score is the length of the right answer over that of
  the answer, or .01 for an empty one, it is a slope that a policy can climb without solving anything: round it down for training."""


def kept() -> Table:
    """The table that is kept beside this file."""
    return cast(Table, json.loads(DATA.read_text(encoding="utf-8")))
