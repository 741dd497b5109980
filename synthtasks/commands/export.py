"""`python -m synthtasks export dag --train 1000 --test 200 --out folder`: write a data set of a family's problems, with a card."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from synthtasks.commands.catalogue import FAMILIES, in_context
from synthtasks.commands.dials import family_parsers, turned
from synthtasks.datasets.draft import unused
from synthtasks.datasets.export import export, matched
from synthtasks.datasets.items import Items


def run(typed: Sequence[str]) -> int:
    """Write the data set.

    Raises:
        ValueError: if the dials contradict each other, the surface cannot write the problems, or there are no problems.
        FileExistsError: if the folder exists.
    """
    options = parser().parse_args(typed)
    family, surface = turned(FAMILIES[options.family].family, options), in_context(options.surface, options.context)
    sizes = {"train": options.train, "test": options.test}
    parts = [Items(family, surface, split, options.seed, sizes[split]) for split in ("train", "test") if sizes[split]]
    if options.dry_run:
        matched(parts)
        unused(options.out)
        print(f"would write {options.out}: " + ", ".join(f"{len(items):,} {items.split} problems" for items in parts))
        return 0
    counts = export(parts, options.out)
    written = ", ".join(f"{c.rows:,} {c.split} problems ({c.distinct:,} different)" for c in counts)
    print(f"{options.out}: {written}" + ("; none is in both" if len(counts) > 1 else ""))
    return 0


def parser() -> argparse.ArgumentParser:
    """The options of the command: a parser for each family, with its dials."""
    top = argparse.ArgumentParser(prog="python -m synthtasks export", description="Write train.jsonl, test.jsonl and README.md, the card.")
    for sub in family_parsers(top, FAMILIES, ", ".join(FAMILIES)):
        sub.add_argument("--train", type=int, default=1_000, metavar="N", help="training problems (default: %(default)s)")
        sub.add_argument("--test", type=int, default=200, metavar="N", help="test problems (default: %(default)s)")
        sub.add_argument("--out", type=Path, required=True, metavar="DIR", help="new folder")
        sub.add_argument("--dry-run", action="store_true", help="only print what would be written")
    return top
