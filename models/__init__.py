"""Tokens in, logits out. Knows no task."""

from importlib import import_module


def __getattr__(name: str) -> object:
    """A class that this room offers, imported when it is first asked for (PEP 562): it needs torch."""
    if name in ("GPT", "GPTConfig"):
        return getattr(import_module("models.gpt"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
