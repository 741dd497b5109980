"""Changes of the weights: how many, how concentrated, of which rank, in which subspaces, and whether two runs change the same ones."""

from analysis.measures.weights.changed import alike, concentration, in_bfloat16, participation, unchanged
from analysis.measures.weights.moved import ALIKE, ANGLE, NORM, PARTICIPATION, RANK, TOP, UNCHANGED, UNCHANGED_16, Moved
from analysis.measures.weights.overlap import CHANCE, OVERLAP, Overlap, chance, jaccard
from analysis.measures.weights.spectrum import principal_angles, stable_rank

__all__ = [
    "ALIKE",
    "ANGLE",
    "CHANCE",
    "NORM",
    "OVERLAP",
    "PARTICIPATION",
    "RANK",
    "TOP",
    "UNCHANGED",
    "UNCHANGED_16",
    "Moved",
    "Overlap",
    "alike",
    "chance",
    "concentration",
    "in_bfloat16",
    "jaccard",
    "participation",
    "principal_angles",
    "stable_rank",
    "unchanged",
]
