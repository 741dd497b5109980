"""Corpora: the documents that a model reads, and which of their words carry loss."""

from synthtasks.corpora.corpus import Corpus, Recipe, can_ask
from synthtasks.corpora.documents import Answered, Document, Listing, Outline, Solved, Writer, unsolved
from synthtasks.corpora.exposures import Exposure, exposure
from synthtasks.corpora.rows import Rows

__all__ = ["Answered", "Corpus", "Document", "Exposure", "Listing", "Outline", "Recipe", "Rows", "Solved", "Writer", "exposure"]
__all__ += ["can_ask", "unsolved"]
