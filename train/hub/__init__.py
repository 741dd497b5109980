"""Policies that travel: to and from folders of Hugging Face."""

from train.hub.imported import Imported, imported_from

__all__ = ["Imported", "imported_from"]
