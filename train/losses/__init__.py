"""Ways of learning: each is a loss that `Learn` minimises."""

from train.losses.compare import Compare
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.losses.sources import Source, Traces, Verified

__all__ = ["Compare", "Imitate", "Practice", "Source", "Traces", "Verified"]
