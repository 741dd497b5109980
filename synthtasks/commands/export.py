"""`python -m synthtasks export dag --train 1000 --test 200 --out folder`: a data set of a family's problems, with a card."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from synthtasks.commands.catalogue import FAMILIES, SURFACES, in_context
from synthtasks.commands.dials import add_dials, turned
from synthtasks.datasets.draft import unused
from synthtasks.datasets.export import export, matched
from synthtasks.datasets.items import Items
from synthtasks.surfaces import CONTEXTS


def run(typed: Sequence[str]) -> int:
    """Write the data set.

    Raises:
        ValueError: if the dials contradict each other, the surface cannot say the problems, or there are none to write.
        FileExistsError: if the folder is there.
    """
    asked = parser().parse_args(typed)
    family, surface = turned(FAMILIES[asked.family].family, asked), in_context(asked.surface, asked.context)
    sizes = {"train": asked.train, "test": asked.test}
    parts = [Items(family, surface, split, asked.seed, sizes[split]) for split in ("train", "test") if sizes[split]]
    if asked.dry_run:
        matched(parts)
        unused(asked.out)
        print(f"would write {asked.out}: " + ", ".join(f"{len(items):,} {items.split} problems" for items in parts))
        return 0
    counts = export(parts, asked.out)
    said = ", ".join(f"{c.rows:,} {c.split} problems ({c.distinct:,} different)" for c in counts)
    print(f"{asked.out}: {said}" + ("; none is in both" if len(counts) > 1 else ""))
    return 0


def parser() -> argparse.ArgumentParser:
    """A parser for each of the families, with its dials."""
    top = argparse.ArgumentParser(prog="python -m synthtasks export", description="Write train.jsonl, test.jsonl and README.md, the card.")
    names = top.add_subparsers(title="families", required=True, metavar="family", dest="family", help=", ".join(FAMILIES))
    for name, found in FAMILIES.items():
        of = names.add_parser(name)
        of.add_argument("--surface", choices=SURFACES, default=found.surfaces[0], help="how they are said (default: %(default)s)")
        of.add_argument("--context", choices=CONTEXTS, help="what stories are about (default: zoo)")
        of.add_argument("--train", type=int, default=1_000, metavar="N", help="problems to train on (default: %(default)s)")
        of.add_argument("--test", type=int, default=200, metavar="N", help="problems to test on (default: %(default)s)")
        of.add_argument("--seed", type=int, default=0, metavar="N", help="which (default: %(default)s)")
        of.add_argument("--out", type=Path, required=True, metavar="DIR", help="a folder that is not there yet")
        of.add_argument("--dry-run", action="store_true", help="say what would be written, and leave")
        add_dials(of, found.family)
    return top
