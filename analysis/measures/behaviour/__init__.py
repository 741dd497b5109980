"""The distribution over completions: what learning does to its support, perplexity, entropy and calibration."""

from analysis.measures.behaviour.calibration import Calibration
from analysis.measures.behaviour.climbed import Climbed
from analysis.measures.behaviour.cover import COVER, TAUS, Cover
from analysis.measures.behaviour.crossover import Crossover, SampledCrossover
from analysis.measures.behaviour.decoded import CHOICES, Decoded, chosen
from analysis.measures.behaviour.entropy import TokenEntropy
from analysis.measures.behaviour.matched import Matched
from analysis.measures.behaviour.perplexity import USUAL, Perplexity
from analysis.measures.behaviour.reached import Reached, curve
from analysis.measures.behaviour.support import Supports

__all__ = ["CHOICES", "COVER", "TAUS", "USUAL", "Calibration", "Climbed", "Cover", "Crossover", "Decoded", "Matched", "Perplexity"]
__all__ += ["Reached", "SampledCrossover", "Supports", "TokenEntropy", "chosen", "curve"]
