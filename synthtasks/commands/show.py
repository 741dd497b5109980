"""`python -m synthtasks show dag --steps 5 --seed 0`: print a problem, its solution, its graph, and two verdicts."""

import argparse
from collections.abc import Sequence
from typing import get_args

from synthtasks.commands.catalogue import Known, in_context, with_own
from synthtasks.commands.dials import family_parsers, turned
from synthtasks.commands.page import written
from synthtasks.families import problem
from synthtasks.problem import Split
from synthtasks.rng import one_seed
from synthtasks.shown.page import page


def run(typed: Sequence[str]) -> int:
    """Print the page of a problem.

    Raises:
        ValueError: if the seed is negative, the dials contradict each other, or the surface cannot write the problem.
    """
    families = with_own(typed)
    options = parser(families).parse_args(typed)
    one_seed(options.seed)
    family = turned(families[options.family].family, options)
    surface = in_context(options.surface, options.context)
    vocabulary = surface.vocab(family.names, family.primitives, family.modulus)  # first, because it refuses large sizes fast
    drawn = problem(family, options.split, "show", options.seed)
    lines = tuple(page(drawn, written(drawn, surface)))
    print(f"{type(family).__name__} in {type(surface).__name__}, of a vocabulary of {len(vocabulary)} words")
    print(f"seed {options.seed}, split {drawn.split}")
    print(*lines, sep="\n")
    return 0


def parser(families: dict[str, Known]) -> argparse.ArgumentParser:
    """The options of the command: a parser for each family, with its dials."""
    description = "Print a problem, its solution, its graph and two verdicts."
    top = argparse.ArgumentParser(prog="python -m synthtasks show", description=description)
    for sub in family_parsers(top, families, ", ".join((*families, "MODULE:NAME"))):
        sub.add_argument("--split", choices=get_args(Split), default="train", help="split of the problem (default: %(default)s)")
    return top
