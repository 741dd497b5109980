"""Recipes: families, surfaces and items as JSON, and back. Names are looked up, never imported or evaluated.

Classes and primitives of one's own have the names MODULE:NAME, and their module must be loaded where a recipe is read.

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
from synthtasks.datasets.own import constants_of, found, own_class, own_name
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


def to_json(record: Family | Surface | Form | Items) -> dict[str, Json]:
    """The recipe of a family, a surface or items: every field by name, a primitive as its name.

    Raises:
        ValueError: if it holds something that cannot be found again by a name: defined in a function, in a script, or as no constant.
    """
    return _recorded(record)


def modules_of(recipe: Json) -> frozenset[str]:
    """The modules of all that a recipe holds of one's own."""
    inner = list(recipe.values()) if isinstance(recipe, dict) else recipe if isinstance(recipe, list) else []
    own = {name.partition(":")[0]} if (name := _own_kind(recipe)) is not None else set[str]()
    return frozenset(own.union(*map(modules_of, inner)))


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
    kind = type(record)
    if not is_dataclass(record):
        raise ValueError(f"a recipe holds dataclasses, {_names(RECORDS)} or of your own; found {kind.__name__}")
    recipe: dict[str, Json] = {"kind": kind.__name__ if kind in RECORDS else own_name(kind)}
    recipe |= {f.name: _written(getattr(record, f.name)) for f in fields(record)}
    if kind not in RECORDS and _record(recipe, (kind,), "the recipe") != record:
        raise ValueError(f"a recipe holds every field of {kind.__name__}, and brings back another than {record}")
    return recipe


def _written(value: object) -> Json:
    if isinstance(value, Primitive):
        if KNOWN.get(value.name) == value:
            return value.name
        if value not in constants_of(value.apply):
            built = f"only built-in primitives, and {value.name!r} is another; there are {', '.join(KNOWN)}"
            raise ValueError(f"a recipe names {built}. Make it a constant of the module of its function, {value.apply.__module__}")
        return {"kind": constants_of(value.apply)[value]}
    if isinstance(value, tuple):
        return [_written(item) for item in value]
    return value if isinstance(value, int | float | str) else _recorded(value)


def _read(value: Json, wanted: object, where: str) -> object:
    """The value of type `wanted` that a JSON value stands for; `where` names its place in the recipe."""
    if wanted is Primitive:
        if (name := _own_kind(value)) is not None:
            return found(name, Primitive, where)
        if not isinstance(value, str) or value not in KNOWN:
            raise ValueError(f"{where} must be one of the built-in primitives, {', '.join(KNOWN)}; found {value!r}")
        return KNOWN[value]
    if get_origin(wanted) is tuple:
        if not isinstance(value, list):
            raise ValueError(f"{where} must be a list; found {value!r}")
        return tuple(_read(item, get_args(wanted)[0], f"{where}[{i}]") for i, item in enumerate(value))
    if get_origin(wanted) is Literal or wanted in (int, float, str, bool):
        return value  # its record checks it
    if (name := _own_kind(value)) is not None:
        return _record(value, (own_class(name, wanted, where),), where)
    return _record(value, KINDS.get(wanted, (cast(type, wanted),)), where)


def _own_kind(value: Json) -> str | None:
    """The name of a class or a primitive of one's own, if a value has one."""
    kind = value.get("kind") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) and ":" in kind else None


def _record(value: Json, kinds: tuple[type, ...], where: str) -> object:
    by_name = {kind.__name__ if kind in RECORDS else own_name(kind): kind for kind in kinds}
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
