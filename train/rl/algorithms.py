"""Policy-gradient methods as values: an algorithm is the choice of its credit, its surrogate and its aggregate.

    GRPO     = credit (Spread, Centre, Scale), surrogate Clip, aggregate Constant
    RLOO     = credit (Spread, LeaveOneOut), surrogate PolicyGradient
    DR_GRPO  = GRPO without Scale
    DAPO     = GRPO with clip-higher, the mean over tokens, and dynamic sampling
    GSPO     = GRPO with one ratio for each completion, and the mean over its tokens

GRPO as it was published divides by each row's own length; here the denominator is constant (see `Constant`).
"""

from dataclasses import dataclass
from typing import Annotated

from synthtasks.checked import Checked, From
from train.rl.credit import Centre, Credit, LeaveOneOut, Scale, Spread
from train.rl.objectives import Aggregate, Clip, Constant, PolicyGradient, RowMean, SequenceClip, Surrogate, TokenMean


@dataclass(frozen=True)
class Algorithm(Checked):
    """A policy-gradient method, composed of its parts."""

    credit: tuple[Credit, ...] = (Spread(), Centre(), Scale())
    surrogate: Surrogate = Clip()
    aggregate: Aggregate = Constant()
    kl: Annotated[float, From(0)] = 0.0  # weight of the KL divergence from the reference
    draws: Annotated[int, From(1)] = (
        1  # most batches of problems drawn for one update; above 1 is dynamic sampling, which keeps groups with signal
    )


GRPO = Algorithm()
RLOO = Algorithm(credit=(Spread(), LeaveOneOut()), surrogate=PolicyGradient())  # arXiv:2402.14740
DR_GRPO = Algorithm(credit=(Spread(), Centre()))  # arXiv:2503.20783
DAPO = Algorithm(surrogate=Clip(0.2, 0.28), aggregate=TokenMean(), draws=4)  # arXiv:2503.14476
GSPO = Algorithm(surrogate=SequenceClip(), aggregate=RowMean())  # arXiv:2507.18071
