"""Families and surfaces of the command line by name, and import of your own families."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, is_dataclass
from importlib import import_module
from pathlib import Path
from traceback import extract_tb
from typing import cast

from synthtasks.console.mistakes import among
from synthtasks.datasets.own import ROLES
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
    """The surfaces of these names.

    Raises:
        ValueError: if there is none of a name.
    """
    return tuple(in_context(name, None) for name in surfaces)


def in_context(surface: str, context: str | None) -> Surface:
    """A surface by name, with a context if it is `Story`.

    Raises:
        ValueError: if there is none, or another surface gets a context.
    """
    if context is None:
        return SURFACES[surface] if surface in SURFACES else own_surface(surface)
    if surface != "story":
        raise ValueError(f"only stories have a context: add --surface story, or leave out --context {context}")
    return Story(CONTEXTS[context])


def known(name: str) -> Known:
    """The family of this name: built-in, or as MODULE:NAME your own, a value or a class with defaults.

    Raises:
        ValueError: if there is none.
    """
    return FAMILIES[name] if name in FAMILIES else Known(cast(Family, _own(name, "family", FAMILIES, Family)), ANY)


def own_surface(name: str) -> Surface:
    """The surface called MODULE:NAME, a value or a class with defaults.

    Raises:
        ValueError: if there is none.
    """
    return cast(Surface, _own(name, "surface", SURFACES, Surface))


def _own(name: str, what: str, built_in: Iterable[str], role: object) -> object:
    module, colon, attribute = name.partition(":")
    if not (module and colon and attribute):
        raise ValueError(f"no {what} is called {name!r}; {among(name, built_in)}, and MODULE:NAME for one of your own")
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))  # where your own lie; at the end: no file there hides a module that others import
    try:
        found = getattr(import_module(module), attribute)
        value: object = found() if isinstance(found, type) else found
    except Exception as mistake:  # a user's module may raise any error
        frame = extract_tb(mistake.__traceback__)[-1]
        own = f" ({type(mistake).__name__}, {frame.filename}, line {frame.lineno})"
        where = "" if isinstance(mistake, ImportError | AttributeError) else own
        raise ValueError(f"{name} cannot be loaded: {mistake}{where}") from mistake
    if not is_dataclass(value) or not all(hasattr(value, part) for part in ROLES[role]):
        *first, last = (f"`{part}`" for part in ROLES[role] if part != "__call__")
        kind = "a callable dataclass" if "__call__" in ROLES[role] else "a dataclass"
        raise ValueError(f"{name} is no {what}: {kind} with {', '.join(first)} and {last}; found {value}")
    return value
