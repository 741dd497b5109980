"""Reinforcement learning: problems, rollouts, rewards, credit, objectives, and algorithms, which are values made of these."""

from train.rl.algorithms import DAPO, DR_GRPO, GRPO, GSPO, HICRA, INDEX, REINFORCE, RLOO, Algorithm, Average, Entry, Reference, Reset, Start
from train.rl.batches import completion_logp
from train.rl.credit import (
    EXECUTION,
    PLANNING,
    Amplify,
    BestOnly,
    Blame,
    ByTurn,
    Centre,
    Choice,
    Credit,
    CutCov,
    Ease,
    Everywhere,
    LeaveOneOut,
    Lift,
    OfRoles,
    Only,
    OverMean,
    Praise,
    Sampled,
    Scale,
    Shuffled,
    Spread,
    SubsetLead,
    SubsetMean,
    Uncertain,
    Unlikely,
)
from train.rl.environments import Environment
from train.rl.objectives import (
    Aggregate,
    Clip,
    Constant,
    HoldCov,
    PolicyGradient,
    Ratio,
    Restraint,
    RowMean,
    SequenceClip,
    Surrogate,
    TokenMean,
    Truncated,
)
from train.rl.problems import Around, Band, Endless, Few, Mixture, Prefixed, ProblemSource, Schedule
from train.rl.rewards import (
    Again,
    Begins,
    Blend,
    Coin,
    Correct,
    Dense,
    Format,
    Gated,
    Inverse,
    Majority,
    Meta,
    Nearer,
    Overlong,
    Phases,
    Process,
    Repeats,
    Reward,
    TurnReward,
    WrongLabel,
)
from train.rl.rollouts import Rollouts
from train.rl.sampler import Sampler, rollout

__all__ = ["DAPO", "DR_GRPO", "GRPO", "GSPO", "HICRA", "INDEX", "REINFORCE", "RLOO", "Algorithm", "Entry"]
__all__ += ["Average", "Reference", "Reset", "Start"]
__all__ += ["EXECUTION", "PLANNING", "Choice", "Everywhere", "OfRoles", "Sampled", "Uncertain"]
__all__ += [
    "Amplify",
    "BestOnly",
    "Blame",
    "ByTurn",
    "Centre",
    "Credit",
    "CutCov",
    "Ease",
    "LeaveOneOut",
    "Lift",
    "Only",
    "OverMean",
    "Praise",
]
__all__ += ["Scale", "Shuffled", "Spread", "SubsetLead", "SubsetMean", "Unlikely"]
__all__ += ["Aggregate", "Clip", "Constant", "HoldCov", "PolicyGradient", "Ratio", "Restraint", "RowMean", "SequenceClip", "Surrogate"]
__all__ += ["TokenMean", "Truncated"]
__all__ += ["Around", "Band", "Endless", "Environment", "Few", "Mixture", "Prefixed", "ProblemSource", "Schedule"]
__all__ += [
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
__all__ += ["Rollouts", "Sampler", "completion_logp", "rollout"]
