"""Formats: ways of writing a derivation that the word before it tells apart, each of them right so often, by construction; and documents of
two kinds in any mixture."""

from synthtasks.formats.documents import Format, Formatted
from synthtasks.formats.either import Either
from synthtasks.formats.marked import Marked

__all__ = ["Either", "Format", "Formatted", "Marked"]
