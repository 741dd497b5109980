"""Thoughts: derivations that stand between two marks, before a value that a document gives."""

from synthtasks.thoughts.closing import Closing
from synthtasks.thoughts.thinking import Thinking

__all__ = ["Closing", "Thinking"]
