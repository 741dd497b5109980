"""Measures of hybrids: the share of a gap that they recover, and the share of words after which they are steered."""

from analysis.measures.hybrids.recovery import FIXED, RATE, RECOVERY, STEERED, SUCCESS, Learned, Recovered, recovery

__all__ = ["FIXED", "RATE", "RECOVERY", "STEERED", "SUCCESS", "Learned", "Recovered", "recovery"]
