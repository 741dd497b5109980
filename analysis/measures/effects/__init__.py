"""Effects of learning: problems solved and lost, forgetting, divergence, the shape of the learning curve, and nulls to compare with."""

from analysis.measures.effects.band import AT_EDGE, OnBand, OnDepth
from analysis.measures.effects.changes import Changes, SampledChanges
from analysis.measures.effects.curve import Fitted
from analysis.measures.effects.distance import Distance, distances
from analysis.measures.effects.forgetting import Forgetting
from analysis.measures.effects.likelihood import Likelihood
from analysis.measures.effects.sharpened import Sharpened
from analysis.measures.effects.steady import Steady
from analysis.measures.effects.success import Answers, Success

__all__ = [
    "AT_EDGE",
    "Answers",
    "Changes",
    "Distance",
    "Fitted",
    "Forgetting",
    "Likelihood",
    "OnBand",
    "OnDepth",
    "SampledChanges",
    "Sharpened",
    "Steady",
    "Success",
    "distances",
]
