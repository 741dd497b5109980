"""Ways of learning: each is a loss that `Learn` minimises."""

from train.losses.augment import Augment, Weights
from train.losses.compare import Compare
from train.losses.distil import Distil
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.losses.sources import Gold, Mixture, Source, Traces, Verified

__all__ = ["Augment", "Compare", "Distil", "Gold", "Imitate", "Mixture", "Practice", "Source", "Traces", "Verified", "Weights"]
