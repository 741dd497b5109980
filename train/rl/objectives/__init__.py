"""The loss of an advantage: a surrogate for each token, the weight of each token in the sum, and restraints."""

from train.rl.objectives.aggregates import Aggregate, Constant, RowMean, TokenMean
from train.rl.objectives.restraints import HoldCov, Restraint, distance, kl
from train.rl.objectives.surrogates import Clip, PolicyGradient, Ratio, SequenceClip, Surrogate, Truncated

__all__ = ["Aggregate", "Clip", "Constant", "HoldCov", "PolicyGradient", "Ratio", "Restraint", "RowMean", "SequenceClip", "Surrogate"]
__all__ += ["TokenMean", "Truncated", "distance", "kl"]
