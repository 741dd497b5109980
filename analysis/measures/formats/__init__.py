"""Measures of completions in several formats, which their first word tells: shares, success in each and in all, entropy."""

from analysis.measures.formats.entropy import ENTROPY, Entropy
from analysis.measures.formats.written import COMMONER, RIGHT, Formats, InAll, right_in, share_of

__all__ = ["COMMONER", "ENTROPY", "RIGHT", "Entropy", "Formats", "InAll", "right_in", "share_of"]
