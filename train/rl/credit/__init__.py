"""Credit rules, each a step from reward to advantage."""

from train.rl.credit.chain import Credit, chain, compares, read_by
from train.rl.credit.choices import EXECUTION, PLANNING, Choice, Everywhere, OfRoles, Sampled, Uncertain
from train.rl.credit.covariance import CutCov
from train.rl.credit.group import Against, Centre, LeaveOneOut, Scale, Spread
from train.rl.credit.outcomes import BestOnly, Blame, OverMean, Praise, SubsetLead, SubsetMean, Unlikely
from train.rl.credit.tokens import Amplify, Ease, Lift, Only

__all__ = ["EXECUTION", "PLANNING", "Against", "Amplify", "BestOnly", "Blame", "Centre", "Choice", "Credit", "CutCov", "Ease"]
__all__ += [
    "Everywhere",
    "LeaveOneOut",
    "Lift",
    "OfRoles",
    "Only",
    "OverMean",
    "Praise",
    "Sampled",
    "Scale",
    "Spread",
    "SubsetLead",
    "SubsetMean",
]
__all__ += ["Uncertain", "Unlikely", "chain", "compares", "read_by"]
