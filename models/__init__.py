"""Language models: tokens in, logits out. They know no task. Importing the package, for its configuration, does not import torch."""

from models.config import GPTConfig

__all__ = ["GPTConfig"]
