"""Reinforcement learning: problems, rollouts, rewards, credit and objectives."""

from train.rl.credit import Centre, LeaveOneOut, Scale, Spread
from train.rl.objectives import Clip, Constant, PolicyGradient, RowMean, TokenMean
from train.rl.problems import Band, Endless, Few
from train.rl.rewards import Coin, Correct, Process
from train.rl.rollouts import Rollouts, Sampler

__all__ = [
    "Band",
    "Centre",
    "Clip",
    "Coin",
    "Constant",
    "Correct",
    "Endless",
    "Few",
    "LeaveOneOut",
    "PolicyGradient",
    "Process",
    "Rollouts",
    "RowMean",
    "Sampler",
    "Scale",
    "Spread",
    "TokenMean",
]
