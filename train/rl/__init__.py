"""Reinforcement learning: problems, rollouts, rewards, credit, objectives, and algorithms, which are values made of these."""

from train.rl.algorithms import DAPO, DR_GRPO, GRPO, GSPO, HICRA, INDEX, REINFORCE, RLOO, Algorithm, Average, Entry, Reference, Reset, Start
from train.rl.batches import completion_logp
from train.rl.confidence import AnswerSpan
from train.rl.credit import (
    EXECUTION,
    PLANNING,
    Against,
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
    ShuffledTurns,
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
    Certainty,
    Coin,
    Confidence,
    Correct,
    Dense,
    Format,
    Gated,
    InformationGain,
    Inverse,
    Majority,
    Meta,
    Nearer,
    Overlong,
    Phases,
    Predicted,
    Process,
    Repeats,
    Reward,
    Shuffled,
    TurnReward,
    WrongLabel,
)
from train.rl.rollouts import Rollouts
from train.rl.sampler import Sampler, rollout

__all__ = ["DAPO", "DR_GRPO", "EXECUTION", "GRPO", "GSPO", "HICRA", "INDEX", "PLANNING", "REINFORCE", "RLOO", "Again", "Against"]
__all__ += ["Aggregate", "Algorithm", "Amplify", "AnswerSpan", "Around", "Average", "Band", "Begins", "BestOnly", "Blame", "Blend"]
__all__ += ["ByTurn", "Centre", "Certainty", "Choice", "Clip", "Coin", "Confidence", "Constant", "Correct", "Credit", "CutCov"]
__all__ += ["Dense", "Ease", "Endless", "Entry", "Environment", "Everywhere", "Few", "Format", "Gated", "HoldCov"]
__all__ += ["InformationGain", "Inverse", "LeaveOneOut", "Lift", "Majority", "Meta", "Mixture", "Nearer", "OfRoles", "Only"]
__all__ += ["OverMean", "Overlong", "Phases", "PolicyGradient", "Praise", "Predicted", "Prefixed", "ProblemSource", "Process"]
__all__ += ["Ratio", "Reference", "Repeats", "Reset", "Restraint", "Reward", "Rollouts", "RowMean", "Sampled", "Sampler", "Scale"]
__all__ += ["Schedule", "SequenceClip", "Shuffled", "ShuffledTurns", "Spread", "Start", "SubsetLead", "SubsetMean", "Surrogate"]
__all__ += ["TokenMean", "Truncated", "TurnReward", "Uncertain", "Unlikely", "WrongLabel", "completion_logp", "rollout"]
