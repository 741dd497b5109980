"""`synthtasks show dag --steps 5 --seed 0`: print a problem, its solution, its graph, and two verdicts."""

from synthtasks.commands.page import written
from synthtasks.families import Family, problem
from synthtasks.problem import Split
from synthtasks.rng import one_seed
from synthtasks.shown.page import page
from synthtasks.surfaces import Surface


def show(family: Family, surface: Surface, split: Split, seed: int) -> None:
    """Print the page of a problem.

    Raises:
        ValueError: if the seed is negative, or the surface cannot write the problem.
    """
    one_seed(seed)
    vocabulary = surface.vocab(family.names, family.primitives, family.modulus)  # first, because it refuses large sizes fast
    drawn = problem(family, split, "show", seed)
    lines = tuple(page(drawn, written(drawn, surface)))
    print(f"{type(family).__name__} in {type(surface).__name__}, of a vocabulary of {len(vocabulary)} words")
    print(f"seed {seed}, split {drawn.split}")
    print(*lines, sep="\n")
