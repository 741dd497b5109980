"""Studies from Python: `from analysis import study`."""

from analysis.api.answer import Answer
from analysis.api.ask import Asked, study

__all__ = ["Answer", "Asked", "study"]
