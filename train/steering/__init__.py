"""Things that make edits of a policy, for `train.policy.Steer`: vectors, their placebos, and their strength."""

from train.steering.autoencoder import Autoencoder
from train.steering.difference import MeanDifference
from train.steering.sparse import Feature, RandomFeature, SparseAutoencoder
from train.steering.tuned import Best, BestOf, Tuned
from train.steering.vectors import Along, MakesVector, Permuted, RandomLike

__all__ = ["Along", "Autoencoder", "Best", "BestOf", "Feature", "MakesVector", "MeanDifference", "Permuted", "RandomFeature", "RandomLike"]
__all__ += ["SparseAutoencoder", "Tuned"]
