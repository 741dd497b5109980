"""Studies, from what is measured to what is claimed, drawn, reported and typed.

>>> from analysis import study
>>> asked = study("grid", scale="smoke", seeds=2, out="runs/smoke")
>>> len(asked.cells)
30
"""

import sys
from typing import TYPE_CHECKING

if sys.version_info < (3, 11):  # noqa: UP036  # from a checkout, where no installer has looked
    raise ImportError(f"synthtasks needs Python 3.11 or newer, and this is {sys.version.split()[0]}: make PYTHON=python3.11")

if TYPE_CHECKING:
    from analysis.api import study

__all__ = ["study"]


def __getattr__(name: str) -> object:
    """`study`, imported where it is asked for: every module of this package imports this file first."""
    if name == "study":
        from analysis.api import study

        return study
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
