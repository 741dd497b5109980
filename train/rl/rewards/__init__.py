"""Rewards: a reward maps rollouts to [B, T], a number on the token that earned it."""

from train.rl.rewards.combined import Blend, Gated, Phases
from train.rl.rewards.confidence import Certainty, Confidence
from train.rl.rewards.controls import Begins, Coin, Format, Inverse, Majority, Shuffled, WrongLabel
from train.rl.rewards.penalties import Overlong, Repeats
from train.rl.rewards.reward import Reward, refers
from train.rl.rewards.thoughts import InformationGain, Predicted, after_thought, thought_lengths, without_thought
from train.rl.rewards.truth import Correct, Dense, Process

__all__ = ["Begins", "Blend", "Coin", "Correct", "Dense", "Format", "Gated", "Inverse", "Majority", "Overlong", "Phases", "Process"]
__all__ += [
    "Certainty",
    "Confidence",
    "InformationGain",
    "Predicted",
    "Repeats",
    "Reward",
    "Shuffled",
    "WrongLabel",
    "after_thought",
    "refers",
]
__all__ += ["thought_lengths", "without_thought"]
