"""Policies from policies: stages, losses, rewards, credit, rollouts, scores."""

from importlib import import_module

OFFERS = {
    "Fresh": "train.policy",
    "Learn": "train.learn",
    "Optim": "train.optim",
    "Policy": "train.policy",
    "Sample": "train.sample",
    "Score": "train.score",
    "Snapshot": "train.learn",
    "Steer": "train.policy",
}


def __getattr__(name: str) -> object:
    """A class that this room offers, imported when it is first asked for (PEP 562): most of them need torch."""
    if name in OFFERS:
        return getattr(import_module(OFFERS[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
