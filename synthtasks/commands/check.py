"""`synthtasks check my_module:MyFamily`: check a family, built-in or your own, against every law."""

from collections.abc import Sequence

from synthtasks.commands.catalogue import Known, named
from synthtasks.laws import LAWS, LawBroken
from synthtasks.laws import check as check_laws


def check(found: Known, surfaces: Sequence[str], examples: int) -> int:
    """Check a family in the surfaces of these names, or in all that can write it; the exit status: 1 if a law is broken.

    Raises:
        ValueError: if there is no such surface, or there are no examples.
    """
    chosen = surfaces or found.surfaces
    try:
        check_laws(found.family, *named(chosen), examples=examples)
    except LawBroken as broken:
        print(f"broken: {broken}")
        return 1
    print(f"{type(found.family).__name__} in {', '.join(chosen)} keeps {len(LAWS)} laws, on up to {examples} examples each:")
    print(*(f"  {law.says}" for law in LAWS), sep="\n")
    return 0
