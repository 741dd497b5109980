"""Things that make edits of a policy, for `train.policy.Steer`: vectors, their placebos, and their strength."""

from train.steering.difference import MeanDifference
from train.steering.tuned import Best, Tuned
from train.steering.vectors import Along, MakesVector, Permuted, RandomLike

__all__ = ["Along", "Best", "MakesVector", "MeanDifference", "Permuted", "RandomLike", "Tuned"]
