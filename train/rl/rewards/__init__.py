"""Rewards: a reward maps rollouts to [B, T], a number on the token that earned it."""

from train.rl.rewards.combined import Blend, Gated, Phases
from train.rl.rewards.controls import Begins, Coin, Format, Inverse, Majority, WrongLabel
from train.rl.rewards.penalties import Overlong, Repeats
from train.rl.rewards.reward import Reward
from train.rl.rewards.truth import Correct, Dense, Process
from train.rl.rewards.turns import Again, Meta, Nearer, TurnReward

__all__ = [
    "Again",
    "Begins",
    "Blend",
    "Coin",
    "Correct",
    "Dense",
    "Format",
    "Gated",
    "Inverse",
    "Majority",
    "Overlong",
    "Phases",
    "Process",
]
__all__ += ["Meta", "Nearer", "Repeats", "Reward", "TurnReward", "WrongLabel"]
