"""Measures: numbers from results."""

from importlib import import_module


def __getattr__(name: str) -> object:
    """A class that this room offers, imported when it is first asked for (PEP 562): it needs torch."""
    if name in ("Edge", "Rule"):
        return getattr(import_module("analysis.measures.edge"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
