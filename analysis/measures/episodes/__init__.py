"""Measures of episodes in searches, over all of them, whether they succeed or not."""

from analysis.measures.episodes.walked import EARLY, ENTROPY, INVALID, REPEATS, SUCCESS, TURNS, Walks, at_level, rates, walks

__all__ = ["EARLY", "ENTROPY", "INVALID", "REPEATS", "SUCCESS", "TURNS", "Walks", "at_level", "rates", "walks"]
