"""Hybrids of a base and a target: a gate says when, a move says how, and `Deploy` writes."""

from train.steering.hybrids.deploy import Deploy
from train.steering.hybrids.gates import Always, AtRandom, Never, OwnGate
from train.steering.hybrids.hybrid import Disagreement, Gate, Hybrid, MakesGate, Move, Seen
from train.steering.hybrids.learned import LearnedVectors
from train.steering.hybrids.moves import MakesMove, OtherCategory, Patch, RandomVectors, Steered

__all__ = ["Always", "AtRandom", "Deploy", "Disagreement", "Gate", "Hybrid", "LearnedVectors", "MakesGate", "MakesMove", "Move"]
__all__ += ["Never", "OtherCategory", "OwnGate", "Patch", "RandomVectors", "Seen", "Steered"]
