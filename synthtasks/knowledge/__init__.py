"""Knowledge as text: excerpts of the table of an operation, problems with such an excerpt before them, and documents of both."""

from synthtasks.knowledge.documents import LookedUp, Stated
from synthtasks.knowledge.excerpts import MISTAKEN, Excerpt, Table, arbitrary
from synthtasks.knowledge.open_book import OpenBook

__all__ = ["MISTAKEN", "Excerpt", "LookedUp", "OpenBook", "Stated", "Table", "arbitrary"]
