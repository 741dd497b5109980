"""Measures of thoughts: are they valid, and how much better does the policy predict a value after one?"""

from analysis.measures.thoughts.insight import AFTER, DIRECT, GAP, VALID, Insight, Insights, Worth, read_insight
from analysis.measures.thoughts.solved import LOG_P, Solved

__all__ = ["AFTER", "DIRECT", "GAP", "LOG_P", "VALID", "Insight", "Insights", "Solved", "Worth", "read_insight"]
