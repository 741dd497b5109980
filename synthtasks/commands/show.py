"""`python -m synthtasks show dag --steps 5 --seed 0`: a problem, its solution, its graph, and what the judge says of two traces."""

import argparse
from collections.abc import Sequence
from typing import get_args

from synthtasks.commands.catalogue import FAMILIES, SURFACES, Known, in_context, known
from synthtasks.commands.dials import add_dials, turned
from synthtasks.commands.page import page
from synthtasks.families import problem
from synthtasks.problem import Split
from synthtasks.rng import one_seed
from synthtasks.surfaces import CONTEXTS


def run(typed: Sequence[str]) -> int:
    """Print the page of a problem.

    Raises:
        ValueError: if the seed is none, the dials contradict each other, or the surface cannot say the problem.
    """
    families = dict(FAMILIES)
    if typed and ":" in typed[0]:
        families[typed[0]] = known(typed[0])
    asked = parser(families).parse_args(typed)
    one_seed(asked.seed)
    family = turned(families[asked.family].family, asked)
    surface = in_context(asked.surface, asked.context)
    vocabulary = surface.vocab(family.names, family.primitives, family.modulus)  # first: it is quick to refuse what is too large
    drawn = problem(family, asked.split, "show", asked.seed)
    lines = tuple(page(drawn, surface))
    print(f"{type(family).__name__} in {type(surface).__name__}, of a vocabulary of {len(vocabulary)} words")
    print(f"seed {asked.seed}, split {drawn.split}")
    print(*lines, sep="\n")
    return 0


def parser(families: dict[str, Known]) -> argparse.ArgumentParser:
    """A parser for each of the families, with its dials."""
    shown = "Print a problem, its solution, its graph and two verdicts."
    top = argparse.ArgumentParser(prog="python -m synthtasks show", description=shown)
    said = ", ".join((*families, "MODULE:NAME"))
    names = top.add_subparsers(title="families", required=True, metavar="family", dest="family", help=said)
    for name, found in families.items():
        of = names.add_parser(name)
        of.add_argument("--surface", choices=SURFACES, default=found.surfaces[0], help="how it is said (default: %(default)s)")
        of.add_argument("--context", choices=CONTEXTS, help="what a story is about (default: zoo)")
        of.add_argument("--seed", type=int, default=0, metavar="N", help="which problem (default: %(default)s)")
        of.add_argument("--split", choices=get_args(Split), default="train", help="of which split (default: %(default)s)")
        add_dials(of, found.family)
    return top
