"""Tokens in, logits out. Knows no task."""

from importlib import import_module

OFFERS = {"GPT": "models.gpt", "GPTConfig": "models.gpt"}


def __getattr__(name: str) -> object:
    """What this package offers, imported when it is first asked for (PEP 562)."""
    if name not in OFFERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(OFFERS[name]), name)
