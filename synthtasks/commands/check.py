"""`python -m synthtasks check my_module:MyFamily`: every law, on a family of the library or of your own."""

import argparse
from collections.abc import Sequence

from synthtasks.commands.catalogue import FAMILIES, SURFACES, known, named
from synthtasks.laws import LAWS, LawBroken, check


def run(typed: Sequence[str]) -> int:
    """Check the family; 1 if a law is broken.

    Raises:
        ValueError: if there is no such family, or there are no examples.
    """
    asked = parser().parse_args(typed)
    found = known(asked.family)
    surfaces = asked.surface or found.surfaces
    try:
        check(found.family, *named(surfaces), examples=asked.examples)
    except LawBroken as broken:
        print(f"broken: {broken}")
        return 1
    print(f"{type(found.family).__name__} in {', '.join(surfaces)} keeps {len(LAWS)} laws, on up to {asked.examples} examples each:")
    print(*(f"  {law.says}" for law in LAWS), sep="\n")
    return 0


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    said = "Check a family against every law that families and surfaces must keep."
    top = argparse.ArgumentParser(prog="python -m synthtasks check", description=said)
    top.add_argument("family", help=", ".join((*FAMILIES, "MODULE:NAME")))
    surface = "that is to say its problems; may be repeated (default: all that can)"
    top.add_argument("--surface", choices=SURFACES, action="append", help=surface)
    top.add_argument("--examples", type=int, default=100, metavar="N", help="of each law (default: %(default)s)")
    return top
