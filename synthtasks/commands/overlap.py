"""`python -m synthtasks stats program --overlap --steps 3`: how many test problems stand inside training problems."""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from rich.console import RenderableType
from rich.text import Text

from synthtasks.commands.console import columns, printed
from synthtasks.families import Family, at, problem
from synthtasks.problem import COMPOSED
from synthtasks.stats.overlap import Overlap, overlaps


def told(family: Family, asked: argparse.Namespace) -> int:
    """Measure and print.

    Raises:
        ValueError: if a picture is asked for, the family has no such problems, or there are none to train on.
    """
    if asked.out is not None:
        raise ValueError("--overlap has no picture; leave out --out")
    tested = family if asked.steps is None else at(family, asked.steps)
    found = overlaps(tested, asked.problems, asked.seed)
    if asked.json:
        print(json.dumps([{**asdict(o), "share": o.share, "interval": o.interval} for o in found], indent=2))
    else:
        printed(tables(tested, found))
    return 0


def tables(tested: Family, found: Sequence[Overlap]) -> Iterator[RenderableType]:
    """The overlaps, and what they are of."""
    said = f": {found[0].tests:,} test problems, and how many of them training problems work out on their way\n"
    yield Text.assemble((type(tested).__name__, "bold"), said)
    table = columns("training problems", "how many", "test problems inside", "95 % interval")
    for o in found:
        low, high = o.interval
        table.add_row(o.training, f"{o.problems:,}", f"{o.share:.1%}", f"{low:.1%} to {high:.1%}")
    yield table
    yield ""
    if problem(tested, "test", "overlap", "test", 0).split == "both":
        yield Text(f"Problems of fewer than {COMPOSED} steps are facts, which are in both splits; exported items alone keep them apart.")
