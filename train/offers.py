"""Rooms: packages that offer classes which are defined in their files."""

from collections.abc import Callable, Mapping
from importlib import import_module


def lazily(room: str, offers: Mapping[str, str]) -> Callable[[str], object]:
    """A `__getattr__` for the package `room` (PEP 562): each name is imported from its module when it is first asked for, so that a package
    whose files are slow to import is itself imported quickly.

    >>> __getattr__ = lazily("numbers", {"Fraction": "fractions"})
    >>> __getattr__("Fraction")(1, 2)
    Fraction(1, 2)
    >>> __getattr__("Integer")
    Traceback (most recent call last):
    AttributeError: module 'numbers' has no attribute 'Integer'
    """

    def offered(name: str) -> object:
        if name not in offers:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        return getattr(import_module(offers[name]), name)

    return offered
