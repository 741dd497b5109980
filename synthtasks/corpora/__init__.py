"""Corpora: the documents that a model reads, and which of their words carry loss."""

from synthtasks.corpora.corpus import Corpus, Recipe
from synthtasks.corpora.documents import Document, Listing, Outline, Result, Solved, Writer, unsolved
from synthtasks.corpora.exposures import Exposure, Form, exposure

__all__ = [
    "Corpus",
    "Document",
    "Exposure",
    "Form",
    "Listing",
    "Outline",
    "Recipe",
    "Result",
    "Solved",
    "Writer",
    "exposure",
    "unsolved",
]
