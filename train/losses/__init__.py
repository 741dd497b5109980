"""Ways of learning: each is a loss that `Learn` minimises."""

from train.losses.imitate import Imitate
from train.losses.practice import DAPO, DR_GRPO, GRPO, RLOO, Algorithm, Practice

__all__ = ["DAPO", "DR_GRPO", "GRPO", "RLOO", "Algorithm", "Imitate", "Practice"]
