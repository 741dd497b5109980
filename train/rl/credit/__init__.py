"""Credit rules, each a step from reward to advantage."""

from train.rl.credit.chain import Credit, chain, compares, read_by
from train.rl.credit.choices import EXECUTION, PLANNING, Choice, Everywhere, OfRoles, Sampled, Uncertain
from train.rl.credit.group import Centre, LeaveOneOut, Scale, Spread
from train.rl.credit.tokens import Amplify, Ease, Lift, Only

__all__ = ["EXECUTION", "PLANNING", "Amplify", "Centre", "Choice", "Credit", "Ease", "Everywhere", "LeaveOneOut", "Lift", "OfRoles"]
__all__ += ["Only", "Sampled", "Scale", "Spread", "Uncertain", "chain", "compares", "read_by"]
