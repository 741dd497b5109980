"""`python -m synthtasks stats program --overlap --steps 3`: measure the overlap of test problems with training problems."""

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


def run_overlap(family: Family, options: argparse.Namespace) -> int:
    """Measure and print the overlap.

    Raises:
        ValueError: if the options ask for a picture, the family has no such problems, or there are no training problems.
    """
    if options.out is not None:
        raise ValueError("--overlap has no picture; leave out --out")
    tested = family if options.steps is None else at(family, options.steps)
    found = overlaps(tested, options.problems, options.seed)
    if options.json:
        print(json.dumps([{**asdict(o), "share": o.share, "interval": o.interval} for o in found], indent=2))
    else:
        printed(tables(tested, found))
    return 0


def tables(tested: Family, found: Sequence[Overlap]) -> Iterator[RenderableType]:
    """A table of the overlaps, with a title."""
    title = f": {found[0].tests:,} test problems, and how many have a derivation that a training problem contains\n"
    yield Text.assemble((type(tested).__name__, "bold"), title)
    table = columns("training problems", "how many", "test problems inside", "95 % interval")
    for o in found:
        low, high = o.interval
        table.add_row(o.training, f"{o.problems:,}", f"{o.share:.1%}", f"{low:.1%} to {high:.1%}")
    yield table
    yield ""
    if problem(tested, "test", "overlap", "test", 0).split == "both":
        yield Text(f"Problems of fewer than {COMPOSED} steps are facts, which are in both splits; only exported items keep them apart.")
