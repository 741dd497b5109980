"""Which primitives a family can hold: it can apply each of them, and a reader can tell them apart."""

from collections.abc import Sequence

from synthtasks.domains import Texts
from synthtasks.primitives import MANY, Operation, Primitive


def applicable(
    field: str, primitives: Sequence[Primitive], *arities: int, on: str = "numbers", besides: tuple[Primitive, ...] = ()
) -> None:
    """Make sure that there are primitives, all on "numbers" or all on "texts", each of one of these numbers of operands.

    Those `besides` are welcome whatever they take.

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
    """Make sure that no two have one name, by which corpora and demands call them, or one symbol, by which problems do.

    Raises:
        ValueError: naming the field and what is called alike.
    """
    for words in ([p.name for p in operations], [p.symbol for p in operations]):
        if twice := [word for word in words if words.count(word) > 1]:
            names = [p.name for p, word in zip(operations, words, strict=True) if word == twice[0]]
            raise ValueError(f"{field} holds two primitives called {twice[0]!r}; found {names}")
