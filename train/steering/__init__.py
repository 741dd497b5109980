"""Steering: vectors that `train.policy.Steer` adds to a policy, with their placebos and their strength; and hybrids, in which a gate and a
move bring a base towards a target while it writes."""

from train.steering.deploy import Deploy
from train.steering.difference import MeanDifference
from train.steering.gates import Always, AtRandom, Never, OwnGate
from train.steering.hybrid import Disagreement, Gate, Hybrid, MakesGate, Move, Seen
from train.steering.learned import LearnedVectors
from train.steering.moves import MakesMove, OtherCategory, Patch, RandomVectors, Steered
from train.steering.tuned import Best, Tuned
from train.steering.vectors import Along, MakesVector, Permuted, RandomLike

__all__ = ["Along", "Best", "MakesVector", "MeanDifference", "Permuted", "RandomLike", "Tuned"]
__all__ += ["Always", "AtRandom", "Disagreement", "Gate", "MakesGate", "Never", "OwnGate"]
__all__ += ["Deploy", "Hybrid", "LearnedVectors", "MakesMove", "Move", "OtherCategory", "Patch", "RandomVectors", "Seen", "Steered"]
