"""`python -m synthtasks check my_module:MyFamily`: check a family, built-in or your own, against every law."""

import argparse
from collections.abc import Sequence

from synthtasks.commands.catalogue import FAMILIES, SURFACES, known, named
from synthtasks.laws import LAWS, LawBroken, check


def run(typed: Sequence[str]) -> int:
    """Check the family and return the exit status: 1 if a law is broken.

    Raises:
        ValueError: if there is no such family, or there are no examples.
    """
    options = parser().parse_args(typed)
    found = known(options.family)
    surfaces = options.surface or found.surfaces
    try:
        check(found.family, *named(surfaces), examples=options.examples)
    except LawBroken as broken:
        print(f"broken: {broken}")
        return 1
    print(f"{type(found.family).__name__} in {', '.join(surfaces)} keeps {len(LAWS)} laws, on up to {options.examples} examples each:")
    print(*(f"  {law.says}" for law in LAWS), sep="\n")
    return 0


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    description = "Check a family against every law that families and surfaces must keep."
    top = argparse.ArgumentParser(prog="python -m synthtasks check", description=description)
    top.add_argument("family", help=", ".join((*FAMILIES, "MODULE:NAME")))
    surface = "surface for its problems; may be repeated (default: all that can write them)"
    top.add_argument("--surface", choices=SURFACES, action="append", help=surface)
    top.add_argument("--examples", type=int, default=100, metavar="N", help="examples of each law (default: %(default)s)")
    return top
