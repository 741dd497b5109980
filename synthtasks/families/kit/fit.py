"""Checks of a family's primitives: it can apply each of them, and their names and symbols differ."""

from collections.abc import Sequence

from synthtasks.domains import Texts
from synthtasks.primitives import MANY, Operation, Primitive


def applicable(
    field: str, primitives: Sequence[Primitive], *arities: int, on: str = "numbers", besides: tuple[Primitive, ...] = ()
) -> None:
    """Check that there are primitives, all on "numbers" or all on "texts", each of one of `arities`.

    Primitives in `besides` may have any arity.

    Raises:
        ValueError: naming the field and the primitive.
    """
    if not primitives:
        raise ValueError(f"{field} holds at least one primitive; found none")
    for p in primitives:
        if (domain := "texts" if isinstance(p.domain, Texts) else "numbers") != on:
            raise ValueError(f"{field} takes primitives on {on}; {p.name!r} is on {domain}")
        if p.arity not in arities and p not in besides:
            takes = " or ".join(map(str, arities))
            also = "".join(f", and {other.name!r}" for other in besides)
            found = "any number" if p.arity == MANY else p.arity
            raise ValueError(f"{field} takes primitives of {takes} operands{also}; {p.name!r} has {found}")
    told_apart(field, primitives)


def told_apart(field: str, operations: Sequence[Operation]) -> None:
    """Check that all names differ, by which corpora and `uses` refer to operations, and all symbols, by which problems do.

    Raises:
        ValueError: naming the field and the duplicate.
    """
    for words in ([p.name for p in operations], [p.symbol for p in operations]):
        if twice := [word for word in words if words.count(word) > 1]:
            names = [p.name for p, word in zip(operations, words, strict=True) if word == twice[0]]
            raise ValueError(f"{field} holds two primitives called {twice[0]!r}; found {names}")
