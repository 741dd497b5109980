"""Families and surfaces of the command line by name, and import of your own families."""

from collections.abc import Iterable
from dataclasses import dataclass, is_dataclass
from importlib import import_module
from traceback import extract_tb
from typing import cast

from synthtasks.families import Circuit, Compose, Dag, Family, Grid, Group, Hops, Program, Tree
from synthtasks.surfaces import CONTEXTS, Code, Compact, Equations, Nested, Story, Surface

SURFACES: dict[str, Surface] = {"compact": Compact(), "equations": Equations(), "code": Code(), "story": Story(), "nested": Nested()}
ANY = ("equations", "code", "story")  # can write every problem


@dataclass(frozen=True)
class Known:
    """A family, and the surfaces that can write it; the first is the default."""

    family: Family
    surfaces: tuple[str, ...]


FAMILIES = {
    "program": Known(Program(), ("compact", *ANY)),
    "dag": Known(Dag(), ANY),
    "circuit": Known(Circuit(), ANY),
    "tree": Known(Tree(), ("nested", *ANY)),
    "hops": Known(Hops(), (*ANY, "nested")),
    "group": Known(Group(), ("compact", *ANY, "nested")),
    "grid": Known(Grid(), (*ANY, "nested")),
    "compose": Known(Compose(), (*ANY, "nested")),
}


def named(surfaces: Iterable[str]) -> tuple[Surface, ...]:
    """The surfaces of these names."""
    return tuple(SURFACES[name] for name in surfaces)


def in_context(surface: str, context: str | None) -> Surface:
    """A surface by name, with a context if it is `Story`.

    Raises:
        ValueError: if another surface gets a context.
    """
    if context is None:
        return SURFACES[surface]
    if surface != "story":
        raise ValueError(f"only stories have a context: add --surface story, or leave out --context {context}")
    return Story(CONTEXTS[context])


def known(name: str) -> Known:
    """The family of this name: built-in, or as MODULE:NAME your own, a value or a class with defaults.

    Raises:
        ValueError: if there is none.
    """
    if name in FAMILIES:
        return FAMILIES[name]
    module, colon, attribute = name.partition(":")
    if not (module and colon and attribute):
        raise ValueError(f"no family is called {name!r}; there are {', '.join(FAMILIES)}, and MODULE:NAME for one of your own")
    try:
        found = getattr(import_module(module), attribute)
        family = found() if isinstance(found, type) else found
    except Exception as mistake:  # a user's module may raise any error
        frame = extract_tb(mistake.__traceback__)[-1]
        own = f" ({type(mistake).__name__}, {frame.filename}, line {frame.lineno})"
        where = "" if isinstance(mistake, ImportError | AttributeError) else own
        raise ValueError(f"{name} cannot be loaded: {mistake}{where}") from mistake
    if not is_dataclass(family) or not all(hasattr(family, part) for part in ("primitives", "modulus", "names", "__call__")):
        raise ValueError(f"{name} is no family: a callable dataclass with `primitives`, `modulus` and `names`; found {family}")
    return Known(cast(Family, family), ANY)
