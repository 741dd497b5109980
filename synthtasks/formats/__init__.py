"""Formats: ways of writing a derivation that the word before it tells apart, each of them right so often, by construction."""

from synthtasks.formats.documents import Format, Formatted
from synthtasks.formats.marked import Marked

__all__ = ["Format", "Formatted", "Marked"]
