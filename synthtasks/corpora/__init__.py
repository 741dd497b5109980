"""Corpora: the documents that a model reads, and which of their words carry loss."""

from synthtasks.corpora.corpus import Corpus, Recipe
from synthtasks.corpora.documents import Document, Listing, Outline, Solved, Writer, shares_statements, unsolved
from synthtasks.corpora.exposures import Exposure, exposure
from synthtasks.corpora.rows import Rows

__all__ = ["Corpus", "Document", "Exposure", "Listing", "Outline", "Recipe", "Rows", "Solved", "Writer", "exposure"]
__all__ += ["shares_statements", "unsolved"]
