"""Credit rules, each a step from reward to advantage."""

from train.rl.credit.chain import Credit, OfParts, chain, compares, read_by
from train.rl.credit.choices import EXECUTION, PLANNING, Choice, Everywhere, OfRoles, Sampled, Uncertain
from train.rl.credit.covariance import CutCov
from train.rl.credit.group import Against, Centre, LeaveOneOut, Scale, Spread
from train.rl.credit.outcomes import BestOnly, Blame, OverMean, Praise, SubsetLead, SubsetMean, Unlikely
from train.rl.credit.tokens import Amplify, Ease, Lift, Only
from train.rl.credit.turns import ByTurn, Mode, ShuffledTurns

__all__ = ["EXECUTION", "PLANNING", "Against", "Amplify", "BestOnly", "Blame", "ByTurn", "Centre", "Choice", "Credit", "CutCov"]
__all__ += ["Ease", "Everywhere", "LeaveOneOut", "Lift", "Mode", "OfParts", "OfRoles", "Only", "OverMean", "Praise", "Sampled"]
__all__ += ["Scale", "ShuffledTurns", "Spread", "SubsetLead", "SubsetMean", "Uncertain", "Unlikely", "chain", "compares", "read_by"]
