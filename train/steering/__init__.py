"""Steering: vectors that `train.policy.Steer` adds to a policy, with their placebos and their strength; and hybrids, in which a gate and a
move bring a base towards a target while it writes."""

from train.steering.autoencoder import Autoencoder
from train.steering.difference import MeanDifference
from train.steering.hybrids import (
    Always,
    AtRandom,
    Deploy,
    Disagreement,
    Gate,
    Hybrid,
    LearnedVectors,
    MakesGate,
    MakesMove,
    Move,
    Never,
    OtherCategory,
    OwnGate,
    Patch,
    RandomVectors,
    Seen,
    Steered,
)
from train.steering.sparse import Feature, RandomFeature, SparseAutoencoder
from train.steering.tuned import Best, BestOf, Tuned
from train.steering.vectors import Along, MakesVector, Permuted, RandomLike

__all__ = ["Along", "Autoencoder", "Best", "BestOf", "Feature", "MakesVector", "MeanDifference", "Permuted", "RandomFeature", "RandomLike"]
__all__ += ["SparseAutoencoder", "Tuned"]
__all__ += ["Always", "AtRandom", "Disagreement", "Gate", "MakesGate", "Never", "OwnGate"]
__all__ += ["Deploy", "Hybrid", "LearnedVectors", "MakesMove", "Move", "OtherCategory", "Patch", "RandomVectors", "Seen", "Steered"]
