"""Tokens in, logits out; no task is known here. Importing the package, for its configuration, does not import torch."""

from models.config import GPTConfig

__all__ = ["GPTConfig"]
