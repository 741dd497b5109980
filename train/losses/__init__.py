"""Ways of learning: each is a loss that `Learn` minimises."""

from train.losses.imitate import Imitate
from train.losses.practice import Practice

__all__ = ["Imitate", "Practice"]
