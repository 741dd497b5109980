"""Reinforcement learning: problems, rollouts, rewards, credit, objectives, and algorithms, which are values made of these."""

from train.rl.algorithms import DAPO, DR_GRPO, GRPO, GSPO, RLOO, Algorithm
from train.rl.batches import completion_logp
from train.rl.credit import (
    EXECUTION,
    PLANNING,
    Amplify,
    Centre,
    Choice,
    Credit,
    Ease,
    Everywhere,
    LeaveOneOut,
    Lift,
    OfRoles,
    Only,
    Sampled,
    Scale,
    Spread,
    Uncertain,
)
from train.rl.environments import Environment
from train.rl.objectives import Aggregate, Clip, Constant, PolicyGradient, RowMean, SequenceClip, Surrogate, TokenMean
from train.rl.problems import Around, Band, Endless, Few, Mixture, Prefixed, ProblemSource, Schedule
from train.rl.rewards import (
    Begins,
    Blend,
    Coin,
    Correct,
    Dense,
    Format,
    Gated,
    Inverse,
    Majority,
    Overlong,
    Phases,
    Process,
    Repeats,
    Reward,
    WrongLabel,
)
from train.rl.rollouts import Rollouts
from train.rl.sampler import Sampler, rollout

__all__ = ["DAPO", "DR_GRPO", "GRPO", "GSPO", "RLOO", "Algorithm"]
__all__ += ["EXECUTION", "PLANNING", "Choice", "Everywhere", "OfRoles", "Sampled", "Uncertain"]
__all__ += ["Amplify", "Centre", "Credit", "Ease", "LeaveOneOut", "Lift", "Only", "Scale", "Spread"]
__all__ += ["Aggregate", "Clip", "Constant", "PolicyGradient", "RowMean", "SequenceClip", "Surrogate", "TokenMean"]
__all__ += ["Around", "Band", "Endless", "Environment", "Few", "Mixture", "Prefixed", "ProblemSource", "Schedule"]
__all__ += ["Begins", "Blend", "Coin", "Correct", "Dense", "Format", "Gated", "Inverse", "Majority", "Overlong", "Phases", "Process"]
__all__ += ["Repeats", "Reward", "WrongLabel"]
__all__ += ["Rollouts", "Sampler", "completion_logp", "rollout"]
