"""Rewards: a reward maps rollouts to [B, T], a number on the token that earned it."""

from train.rl.rewards.combined import Blend, Gated, Phases
from train.rl.rewards.confidence import Certainty, Confidence
from train.rl.rewards.controls import Begins, Coin, Format, Inverse, Majority, Shuffled, WrongLabel
from train.rl.rewards.penalties import Overlong, Repeats
from train.rl.rewards.reward import Reward, refers
from train.rl.rewards.thoughts import InformationGain, Predicted, after_thought, thought_lengths, without_thought
from train.rl.rewards.truth import Correct, Dense, Process
from train.rl.rewards.turns import Again, Meta, Nearer, TurnReward

__all__ = ["Again", "Begins", "Blend", "Certainty", "Coin", "Confidence", "Correct", "Dense", "Format", "Gated", "InformationGain"]
__all__ += ["Inverse", "Majority", "Meta", "Nearer", "Overlong", "Phases", "Predicted", "Process", "Repeats", "Reward", "Shuffled"]
__all__ += ["TurnReward", "WrongLabel", "after_thought", "refers", "thought_lengths", "without_thought"]
