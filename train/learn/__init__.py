"""The training loop: policies that learned, for so many iterations or for so much compute."""

from train.learn.learning import Learn, Snapshot
from train.learn.masks import Mask, MostChanged, Scattered
from train.learn.spend import Spend

__all__ = ["Learn", "Mask", "MostChanged", "Scattered", "Snapshot", "Spend"]
