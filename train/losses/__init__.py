"""Ways of learning: each is a loss that `Learn` minimises."""

from train.losses.augment import Augment, Weights
from train.losses.compare import Compare
from train.losses.distil import Distil
from train.losses.imitate import Imitate
from train.losses.pairs import Common, Confident, Ranked, Reversed, Right, Shuffled
from train.losses.practice import Practice
from train.losses.prefer import DPO, Prefer, SimPO
from train.losses.sources import Gold, Mixture, Source, Traces, Verified

__all__ = ["DPO", "Augment", "Common", "Compare", "Confident", "Distil", "Gold", "Imitate", "Mixture", "Practice", "Prefer", "Ranked"]
__all__ += ["Reversed", "Right", "Shuffled", "SimPO", "Source", "Traces", "Verified", "Weights"]
