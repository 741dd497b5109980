"""Options for the dials of a family, made from its fields: whole numbers and choices of words."""

import argparse
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Literal, cast, get_args, get_origin, get_type_hints

from synthtasks.commands.catalogue import SURFACES, Known
from synthtasks.families import S3, S5, Dial, Family, Group, Program, Uses, Z
from synthtasks.primitives import PRIMITIVES
from synthtasks.surfaces import CONTEXTS

PRODUCTS = {p.name: p for p in (S3, S5, Z)}
MEANINGS = {  # of fields that are no dials
    "totals": "steps that are an implicit sum of other steps",
    "order": "order of the statements",
    "surplus": "true steps beside the proof in a right process",
    "definitions": "names of the functions in the problem",
}


def family_parsers(top: argparse.ArgumentParser, families: Mapping[str, Known], names: str) -> Iterator[argparse.ArgumentParser]:
    """A parser for each family, with its surfaces, the seed and the dials; the caller adds what its command takes besides.

    Raises:
        ValueError: if a field of a family has the name of another option.
    """
    parsers = top.add_subparsers(title="families", required=True, metavar="family", dest="family", help=names)
    for name, found in families.items():
        sub = parsers.add_parser(name)
        surfaces = f"surface of the problems: {', '.join(SURFACES)}, or MODULE:NAME (default: %(default)s)"
        sub.add_argument("--surface", default=found.surfaces[0], metavar="NAME", help=surfaces)
        sub.add_argument("--context", choices=CONTEXTS, help="context of stories (default: zoo)")
        sub.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the problems (default: %(default)s)")
        yield sub
        add_dials(sub, found.family)


def add_dials(parser: argparse.ArgumentParser, family: Family) -> None:
    """Add an option for every field of `family` that is a whole number or a choice of words.

    Raises:
        ValueError: if a field has the name of another option.
    """
    assert is_dataclass(family), f"a family is a dataclass; found {family}"
    hints = get_type_hints(type(family))
    dials: tuple[Dial, ...] = getattr(family, "dials", ())
    sentences = {dial.field: (inspect.getdoc(dial.measure) or "").partition(".")[0] for dial in dials}
    meanings = MEANINGS | {name: text[:1].lower() + text[1:] for name, text in sentences.items()}
    group = parser.add_argument_group("dials")
    for field in fields(family):
        hint, default, flag = hints[field.name], getattr(family, field.name), f"--{field.name.replace('_', '-')}"
        meaning = f"{meanings[field.name]} (default: {default})" if field.name in meanings else f"default: {default}"
        try:
            if hint is int:
                group.add_argument(flag, type=int, default=default, metavar="N", help=meaning)
            elif get_origin(hint) is Literal and all(isinstance(choice, str) for choice in get_args(hint)):
                group.add_argument(flag, choices=get_args(hint), default=default, help=meaning)
        except argparse.ArgumentError:
            raise ValueError(f"{type(family).__name__} has a dial {field.name!r}, which is an option of the command; rename it") from None
    if isinstance(family, Program):
        use = f"apply the primitive NAME at least COUNT times; NAME is one of {', '.join(PRIMITIVES)}"
        group.add_argument("--uses", nargs=2, metavar=("NAME", "COUNT"), help=use)
    if isinstance(family, Group):
        help = "the group: S_3, S_5, or the residues modulo --order (default: s5)"
        group.add_argument("--product", choices=PRODUCTS, default=family.product.name, help=help)


def turned(family: Family, options: argparse.Namespace) -> Family:
    """The family with its dials at the values of the options.

    Raises:
        ValueError: if the dials contradict each other.
    """
    assert is_dataclass(family), f"a family is a dataclass; found {family}"
    values = vars(options)
    chosen = {f.name: values[f.name] for f in fields(family) if f.name in values and f.name not in ("uses", "product")}
    if isinstance(family, Program):
        return _using(replace(family, **chosen), options.uses)
    if isinstance(family, Group):
        return replace(family, product=PRODUCTS[options.product], **chosen)
    return cast(Family, replace(family, **chosen))


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
