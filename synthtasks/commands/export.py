"""`python -m synthtasks export dag --train 1000 --test 200 --out folder`: write a data set of a family's problems, with a card."""

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import get_args

from synthtasks.asking import Instruct, Plain
from synthtasks.asking.instruct import Asked
from synthtasks.commands.catalogue import Known, in_context, with_own
from synthtasks.commands.dials import family_parsers, turned
from synthtasks.datasets.draft import unused
from synthtasks.datasets.export import export, matched
from synthtasks.datasets.items import Items

WRITERS = {  # of bridges
    "verl": ("verl_parquet", "export_parquet"),
    "verifiers": ("verifiers_package", "export_package"),
    "trl": ("trl_folder", "export_trl"),
}
DESCRIPTION = "Write a data set: train.jsonl, test.jsonl and README.md, the card; or the format of another library."
OPTIONS = (
    "`export dag --help` lists what a family takes: its dials, --surface, --train, --test, --out, --ask, --shots, --format, --dry-run."
)
FORMATS = "JSON lines with a card, parquet of verl (needs pyarrow), a package for verifiers, rows and rewards of TRL (default: %(default)s)"


def run(typed: Sequence[str]) -> int:
    """Write the data set.

    Raises:
        ValueError: if the dials contradict each other, the surface cannot write the problems, or there are no problems.
        FileExistsError: if the folder exists.
    """
    families = with_own(typed)
    options = parser(families).parse_args(typed)
    family, surface = turned(families[options.family].family, options), in_context(options.surface, options.context)
    if options.ask == "plain" and options.shots:
        raise ValueError("a plain question has no solved examples: add --ask derivation or --ask answer, or leave out --shots")
    form = Plain() if options.ask == "plain" else Instruct(options.ask, options.shots)
    sizes = {"train": options.train, "test": options.test}
    parts = [Items(family, surface, split, options.seed, sizes[split], form) for split in ("train", "test") if sizes[split]]
    if options.dry_run:
        matched(parts)
        unused(options.out)
        print(f"would write {options.out}: " + ", ".join(f"{len(items):,} {items.split} problems" for items in parts))
        return 0
    if options.format != "jsonl":
        module, function = WRITERS[options.format]
        write: Callable[[Sequence[Items], Path], None] = getattr(import_module(f"synthtasks.bridges.{module}"), function)
        write(parts, options.out)
        print(f"{options.out}: " + ", ".join(f"{len(items):,} {items.split} problems" for items in parts))
        return 0
    counts = export(parts, options.out)
    written = ", ".join(f"{c.rows:,} {c.split} problems ({c.distinct:,} different)" for c in counts)
    print(f"{options.out}: {written}" + ("; none is in both" if len(counts) > 1 else ""))
    return 0


def parser(families: dict[str, Known]) -> argparse.ArgumentParser:
    """The options of the command: a parser for each family, with its dials."""
    top = argparse.ArgumentParser(prog="python -m synthtasks export", description=DESCRIPTION, epilog=OPTIONS)
    for sub in family_parsers(top, families, ", ".join((*families, "MODULE:NAME"))):
        ask = "ask with an instruction, for a derivation or the answer alone; plain: the words of the surface (default: %(default)s)"
        sub.add_argument("--format", choices=("jsonl", *WRITERS), default="jsonl", help=FORMATS)
        sub.add_argument("--ask", choices=("plain", *get_args(Asked)), default="plain", help=ask)
        sub.add_argument("--shots", type=int, default=0, metavar="N", help="solved examples in a question (default: %(default)s)")
        sub.add_argument("--train", type=int, default=1_000, metavar="N", help="training problems (default: %(default)s)")
        sub.add_argument("--test", type=int, default=200, metavar="N", help="test problems (default: %(default)s)")
        sub.add_argument("--out", type=Path, required=True, metavar="DIR", help="new folder")
        sub.add_argument("--dry-run", action="store_true", help="only print what would be written")
    return top
