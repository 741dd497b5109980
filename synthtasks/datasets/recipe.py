"""Recipes: families, surfaces and items as JSON, and back. Names are looked up here, never imported or evaluated.

>>> from synthtasks.families import Hops
>>> to_json(Hops(steps=2))
{'kind': 'Hops', 'steps': 2, 'nodes': 12}
>>> from_json({"kind": "Hops", "steps": 2, "nodes": 12})
Hops(steps=2, nodes=12)
"""

import json
from dataclasses import MISSING, fields, is_dataclass
from functools import lru_cache
from typing import Literal, cast, get_args, get_origin, get_type_hints

from synthtasks import Circuit, Compose, Dag, Family, Grid, Group, Hops, Mix, Part, Program, Tree, Uses
from synthtasks.asking import Form, Instruct, Plain
from synthtasks.datasets.items import Items
from synthtasks.datasets.received import shown
from synthtasks.families import FUNCTIONS, MOVES, S3, S5, Z
from synthtasks.primitives import GATES, PRIMITIVES, SUM, Primitive
from synthtasks.surfaces import Code, Compact, Context, Equations, Nested, Story, Surface

RECIPES = 64  # cached by text: a mixture of data sets has several

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

FAMILIES: tuple[type, ...] = (Program, Dag, Circuit, Tree, Hops, Group, Grid, Compose, Mix)
SURFACES: tuple[type, ...] = (Compact, Equations, Code, Nested, Story)
FORMS: tuple[type, ...] = (Plain, Instruct)
RECORDS = (*FAMILIES, *SURFACES, *FORMS, Uses, Part, Context, Items)
KINDS: dict[object, tuple[type, ...]] = {Family: FAMILIES, Surface: SURFACES, Form: FORMS}  # classes for a field typed as a protocol
KNOWN = {p.name: p for p in (*PRIMITIVES.values(), SUM, *GATES, S3, S5, Z, *MOVES, *FUNCTIONS)}


def to_json(record: Family | Surface | Items) -> dict[str, Json]:
    """The recipe of a built-in family or surface, or of items: every field by name, a primitive as its name.

    Raises:
        ValueError: if it holds something that this library does not define.
    """
    return _recorded(record)


def from_json(recipe: dict[str, Json]) -> Family:
    """The family of a recipe; inverts `to_json`. Missing fields have their defaults.

    Raises:
        ValueError: naming the place, if it is no recipe of a family.
    """
    return cast(Family, _read(recipe, Family, "the recipe"))


def items_from_json(recipe: dict[str, Json]) -> Items:
    """The items of a recipe; see `from_json`."""
    return cast(Items, _read(recipe, Items, "the recipe"))


@lru_cache(maxsize=RECIPES)
def items_from_text(recipe: str) -> Items:
    """The items of a recipe in JSON text, as in rows of tables.

    Raises:
        ValueError: if it is no JSON, or no recipe of items.
    """
    try:
        return items_from_json(json.loads(recipe))
    except json.JSONDecodeError as reason:
        raise ValueError(f"a recipe is JSON text as from `json.dumps(to_json(items))`; found {shown(recipe)} ({reason})") from None
    except RecursionError:
        raise ValueError(f"a recipe is nested too deep for Python's recursion limit; found {shown(recipe)}") from None


def _names(kinds: tuple[type, ...]) -> str:
    return ", ".join(kind.__name__ for kind in kinds)


def _recorded(record: object) -> dict[str, Json]:
    if type(record) not in RECORDS or not is_dataclass(record):
        raise ValueError(f"a recipe holds only what this library defines, {_names(RECORDS)}; found {type(record).__name__}")
    return {"kind": type(record).__name__, **{f.name: _written(getattr(record, f.name)) for f in fields(record)}}


def _written(value: object) -> Json:
    if isinstance(value, Primitive):
        if KNOWN.get(value.name) != value:
            raise ValueError(f"a recipe names only built-in primitives, and {value.name!r} is another; there are {', '.join(KNOWN)}")
        return value.name
    if isinstance(value, tuple):
        return [_written(item) for item in value]
    return value if isinstance(value, int | float | str) else _recorded(value)


def _read(value: Json, wanted: object, where: str) -> object:
    """The value of type `wanted` that a JSON value stands for; `where` names its place in the recipe."""
    if wanted is Primitive:
        if not isinstance(value, str) or value not in KNOWN:
            raise ValueError(f"{where} must be one of the built-in primitives, {', '.join(KNOWN)}; found {value!r}")
        return KNOWN[value]
    if get_origin(wanted) is tuple:
        if not isinstance(value, list):
            raise ValueError(f"{where} must be a list; found {value!r}")
        return tuple(_read(item, get_args(wanted)[0], f"{where}[{i}]") for i, item in enumerate(value))
    if get_origin(wanted) is Literal or wanted in (int, float, str):
        return value  # its record checks it
    return _record(value, KINDS.get(wanted, (cast(type, wanted),)), where)


def _record(value: Json, kinds: tuple[type, ...], where: str) -> object:
    by_name = {kind.__name__: kind for kind in kinds}
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str) or value["kind"] not in by_name:
        found = value.get("kind") if isinstance(value, dict) else value
        raise ValueError(f"{where} must be an object whose `kind` is one of {_names(kinds)}; found {found!r}")
    kind = by_name[str(value["kind"])]
    hints, known = get_type_hints(kind), {f.name: f for f in fields(kind)}
    if strange := set(value) - {"kind", *known}:
        raise ValueError(f"{where} has fields that {kind.__name__} lacks: {', '.join(sorted(strange))}; it has {', '.join(known)}")
    if absent := [name for name, f in known.items() if name not in value and f.default is MISSING]:
        raise ValueError(f"{where} lacks {', '.join(absent)}, which {kind.__name__} has no default for")
    read = {name: _read(value[name], hints[name], f"{where}.{name}") for name in known if name in value}
    try:
        return kind(**read)
    except ValueError as refused:
        raise ValueError(f"{where}: {refused}") from None
