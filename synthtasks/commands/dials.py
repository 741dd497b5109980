"""Options for the dials of a family, made from its fields: whole numbers and choices of words."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass, make_dataclass, replace
from typing import Annotated, Literal, cast, get_args, get_origin, get_type_hints

import tyro

from synthtasks.families import S3, S5, Dial, Family, Group, Program, Uses, Z
from synthtasks.primitives import PRIMITIVES

PRODUCTS = {p.name: p for p in (S3, S5, Z)}
MEANINGS = {  # of fields that are no dials
    "totals": "steps that are an implicit sum of other steps",
    "order": "order of the statements",
    "surplus": "true steps beside the proof in a right process",
    "definitions": "names of the functions in the problem",
}


@dataclass(frozen=True)
class NoDials:
    """The dials of a family that is not known yet."""


def dials(family: Family) -> object:
    """A dataclass, made, with a field for every dial that can be typed: whole numbers and choices of words."""
    made = make_dataclass("Dials", [(name, kind, field(default=default)) for name, kind, default in typed_dials(family)], frozen=True)
    made.__doc__ = f"Fields of {type(family).__name__}, which make its problems easy or hard."
    value: object = made()
    return value


def typed_dials(family: Family) -> Iterator[tuple[str, object, object]]:
    """The name, type and default of each."""
    assert is_dataclass(family), f"a family is a dataclass; found {family}"
    hints = get_type_hints(type(family))
    declared: tuple[Dial, ...] = getattr(family, "dials", ())
    sentences = {dial.field: (inspect.getdoc(dial.measure) or "").partition(".")[0] for dial in declared}
    meanings = MEANINGS | {name: text[:1].lower() + text[1:] for name, text in sentences.items()}
    for one in fields(family):
        hint, default = hints[one.name], getattr(family, one.name)
        meaning = "the size of Z; 0 for S_3 and S_5" if isinstance(family, Group) and one.name == "order" else meanings.get(one.name, "")
        if hint is int:
            yield one.name, Annotated[int, tyro.conf.arg(metavar="N", help=meaning)], default
        elif get_origin(hint) is Literal and all(isinstance(choice, str) for choice in get_args(hint)):
            yield one.name, Annotated[hint, tyro.conf.arg(help=meaning)], default
    if isinstance(family, Program):
        says = f"apply the primitive NAME at least COUNT times; NAME is one of {', '.join(PRIMITIVES)}"
        uses = tyro.conf.arg(metavar="NAME COUNT", help=says, help_behavior_hint="(default: as it comes)")
        yield "uses", Annotated[tuple[str, str] | None, uses], None
    if isinstance(family, Group):
        says = "the group: S_3, S_5, or the residues modulo --order"
        yield "product", Annotated[Literal["s3", "s5", "z"], tyro.conf.arg(help=says)], family.product.name


def turned(family: Family, dials: object) -> Family:
    """The family with its dials at these values.

    Raises:
        ValueError: if the dials contradict each other.
    """
    assert is_dataclass(family), f"a family is a dataclass; found {family}"
    values = dict(vars(dials))
    uses, product = values.pop("uses", None), values.pop("product", None)
    if isinstance(family, Program):
        return _using(replace(family, **values), uses)
    if isinstance(family, Group):
        return replace(family, product=PRODUCTS[product] if product else family.product, **values)
    return cast(Family, replace(family, **values))


def _using(family: Program, uses: tuple[str, str] | None) -> Program:
    """The family with required uses of a primitive, which is added to its primitives.

    Raises:
        ValueError: if `uses` is not a primitive and a count.
    """
    if uses is None:
        return family
    name, count = uses
    if name not in PRIMITIVES:
        raise ValueError(f"no primitive is called {name!r}; there are {', '.join(PRIMITIVES)}")
    if not (count.isascii() and count.isdecimal()):
        raise ValueError(f"--uses takes a primitive and a count, as in `--uses max 2`; found the count {count!r}")
    primitives = tuple(dict.fromkeys((*family.primitives, PRIMITIVES[name])))
    return replace(family, primitives=primitives, uses=Uses((name,), int(count)))
