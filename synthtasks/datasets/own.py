"""Families, surfaces, forms and primitives of one's own by name: MODULE:NAME.

Names are looked up in modules that are loaded. A recipe is data from anywhere, so it never imports one.
"""

import sys
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import TypeVar

from synthtasks.asking import Form
from synthtasks.datasets.received import shown
from synthtasks.families import Family
from synthtasks.primitives import Primitive
from synthtasks.surfaces import Surface

T = TypeVar("T")
ROLES: dict[object, tuple[str, ...]] = {  # attributes of a class that can stand for a protocol
    Family: ("primitives", "modulus", "names", "__call__"),
    Surface: ("prompt", "solution", "write", "read", "roles", "vocab"),
    Form: ("question", "messages", "reply", "read"),
}


def load(modules: str) -> None:
    """Import modules of one's own, separated by spaces, so that recipes can name what they hold."""
    for module in modules.split():
        import_module(module)


def own_name(kind: type) -> str:
    """The name of a class.

    Raises:
        ValueError: if it is not found by this name, or only in a script.
    """
    module, name = kind.__module__, kind.__qualname__
    if module == "__main__" or getattr(sys.modules.get(module), name, None) is not kind:
        where = "in a script" if module == "__main__" else f"not at the top level of {module}"
        raise ValueError(f"a recipe names what is your own as MODULE:NAME, and {name} is {where}: define it in a module of its own")
    return f"{module}:{name}"


def constants_of(function: Callable[..., object]) -> dict[Primitive, str]:
    """The primitives at the top level of a function's module, with their names."""
    module = getattr(function, "__module__", "__main__")  # a `partial` has none
    constants = vars(sys.modules[module]).items() if module in sys.modules and module != "__main__" else ()
    return {value: f"{module}:{name}" for name, value in constants if isinstance(value, Primitive)}


def found(name: str, kind: type[T], where: str) -> T:
    """The value of this name.

    Raises:
        ValueError: if its module is not loaded, or there is none of this kind.
    """
    module, _, attribute = name.partition(":")
    if module not in sys.modules:
        raise ValueError(f"{where} names {name}, and {module} is not loaded: `import {module}` first, if you trust it")
    value = getattr(sys.modules[module], attribute, None)
    if not isinstance(value, kind):
        raise ValueError(f"{where} names {name} as a {kind.__name__}; found {shown(value)}")
    return value


def own_class(name: str, wanted: object, where: str) -> type:
    """The dataclass of this name, if it can stand where a field of type `wanted` is filled.

    Raises:
        ValueError: as `found`, or if it cannot.
    """
    own = found(name, type, where)
    if is_dataclass(own):
        has = {*dir(own), *(f.name for f in fields(own))}
        if has >= set(ROLES[wanted]) if wanted in ROLES else isinstance(wanted, type) and issubclass(own, wanted):
            return own
    raise ValueError(f"{where} names {name}, which cannot be a {getattr(wanted, '__name__', wanted)}; found {shown(own)}")
