"""Studies, from what is measured to what is claimed, drawn, reported and typed."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  # from a checkout, where no installer has looked
    raise ImportError(f"synthtasks needs Python 3.11 or newer, and this is {sys.version.split()[0]}: make PYTHON=python3.11")
