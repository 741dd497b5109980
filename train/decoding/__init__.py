"""Decoding: completions by other ways than sampling, the confidence in each, and the choice of one by it."""

from train.decoding.branch import Branch
from train.decoding.choose import Best, Choice, Every, First, Summed, confidence
from train.rl.confidence import AnswerSpan

__all__ = ["AnswerSpan", "Best", "Branch", "Choice", "Every", "First", "Summed", "confidence"]
