"""A policy-gradient method is the choice of its parts."""

from dataclasses import dataclass
from typing import Annotated

from synthtasks.checked import Checked, From
from train.rl.algorithms.references import Reference, Start
from train.rl.credit import Centre, Credit, Scale, Spread
from train.rl.objectives import Aggregate, Clip, Constant, Restraint, Surrogate


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
    reference: Reference = Start()  # of the KL divergence, and of rewards that compare with one
    restraint: Restraint | None = None  # tokens that are held near the sampling policy
