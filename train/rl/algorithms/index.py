"""Policy-gradient methods as values: an algorithm is the choice of its credit, its surrogate and its aggregate.

    GRPO     = credit (Spread, Centre, Scale), surrogate Clip, aggregate Constant
    RLOO     = credit (Spread, LeaveOneOut), surrogate PolicyGradient
    DR_GRPO  = GRPO without Scale
    DAPO     = GRPO with clip-higher, the mean over tokens, and dynamic sampling
    GSPO     = GRPO with one ratio for each completion, and the mean over its tokens

GRPO as it was published divides by each row's own length; here the denominator is constant (see `Constant`). To add an algorithm, add its
line to `INDEX`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from synthtasks.checked import Checked, From
from train.rl.algorithms.algorithm import Algorithm
from train.rl.algorithms.references import Average, Reset
from train.rl.credit import (
    BestOnly,
    Blame,
    Centre,
    Credit,
    CutCov,
    LeaveOneOut,
    Lift,
    Only,
    OverMean,
    Praise,
    Spread,
    SubsetLead,
    SubsetMean,
    Unlikely,
    compares,
    read_by,
)
from train.rl.objectives import Clip, HoldCov, PolicyGradient, Ratio, RowMean, SequenceClip, Surrogate, TokenMean, Truncated
from train.rl.rollouts import Record


@dataclass(frozen=True)
class Entry(Checked):
    """An algorithm with its source."""

    algorithm: Algorithm
    paper: str
    section: str
    lacks: str = ""  # what of the paper it is not
    minibatches: Annotated[int, From(1)] = 1  # `Practice.minibatches` that it is meant with
    besides: str = ""  # settings of another kind that it is meant with

    @property
    def records(self) -> tuple[Record, ...]:
        """`Sampler.records` that it reads."""
        return read_by(self.algorithm.credit)

    @property
    def settings(self) -> str:
        """The settings that it is meant with, where they differ from the usual ones."""
        group = "" if compares(self.algorithm.credit) else "group=1 will do"
        records = f"records={', '.join(self.records)}" if self.records else ""
        minibatches = f"minibatches={self.minibatches}" if self.minibatches > 1 else ""
        return "; ".join(filter(None, (minibatches, records, group, self.besides)))


_GRPO, _RLOO, _GROUP = Algorithm(), Algorithm((Spread(), LeaveOneOut()), PolicyGradient()), Algorithm((Spread(), Centre()))
_DAPO = Algorithm(surrogate=Clip(0.2, 0.28), aggregate=TokenMean(), draws=4)
_TOKENS = replace(_DAPO, draws=1)
_LENGTH = "divides by the longest completion allowed, not by each one's length"
_UNEQUAL = "only groups in which rewards differ teach, and by the distance from their mean"
_OLD = "covariance by the sampling policy"


def _credit(of: Algorithm, *rules: Credit, **rest: Surrogate) -> Algorithm:
    return replace(of, credit=rules, **rest)  # type: ignore[arg-type]  # the surrogate


INDEX: Mapping[str, Entry] = {
    "reinforce": Entry(Algorithm((Spread(),), PolicyGradient()), "doi:10.1007/BF00992696", "REINFORCE", "no baseline"),
    "rloo": Entry(_RLOO, "arXiv:2402.14740", "RLOO", "no divergence within the reward"),
    "ppo-clip": Entry(replace(_TOKENS, surrogate=Clip()), "arXiv:1707.06347", "eq. 7", "no critic: the group is the baseline", 4),
    "grpo": Entry(_GRPO, "arXiv:2402.03300", "eq. 3", _LENGTH),
    "grpo-kl": Entry(replace(_GRPO, kl=0.01), "arXiv:2402.03300", "eq. 4", _LENGTH),
    "dr-grpo": Entry(_GROUP, "arXiv:2503.20783", "§3"),
    "dapo": Entry(_DAPO, "arXiv:2503.14476", "eq. 8-13", "at most 4 draws", 4, "reward=Overlong()"),
    "gspo": Entry(Algorithm(surrogate=SequenceClip(), aggregate=RowMean()), "arXiv:2507.18071", "eq. 5", "", 4),
    "cispo-scale": Entry(replace(_TOKENS, surrogate=Truncated(0.0, 5.0)), "arXiv:2510.13786", "cap, as in TRL", "advantages of groups", 4),
    "cispo-verl": Entry(replace(_TOKENS, surrogate=Truncated(0.8, 1.2)), "arXiv:2506.13585", "clamp, as in verl", "", 4),
    "best-of-group": Entry(_credit(_GROUP, Spread(), BestOnly()), "arXiv:2503.19595", "pass@k", "k is the group"),
    "subset-mean": Entry(_credit(_GROUP, Spread(), SubsetMean(8)), "arXiv:2508.10751", "analytical", "", 1, "group=8 or more"),
    "pkpo": Entry(_credit(_GROUP, Spread(), SubsetLead(8)), "arXiv:2505.15201", "leave one out", "k stays", 1, "group=8 or more"),
    "maxrl": Entry(_credit(_GROUP, Spread(), OverMean()), "arXiv:2602.02710", "estimator with baseline"),
    "unlikely": Entry(
        _credit(_GRPO, Spread(), Unlikely(), *_GRPO.credit[1:]), "arXiv:2506.02355", "reward", "all-right groups teach nothing"
    ),
    "positive-only": Entry(_credit(_GROUP, Spread(), Centre(), Praise()), "arXiv:2506.01347", "PSR", _UNEQUAL),
    "negative-only": Entry(_credit(_GROUP, Spread(), Centre(), Blame()), "arXiv:2506.01347", "NSR", _UNEQUAL),
    "forking": Entry(_credit(_DAPO, *_DAPO.credit, Only()), "arXiv:2506.01939", "top 20 %", "entropy of the sampling policy", 4),
    "clip-cov": Entry(_credit(_TOKENS, *_GRPO.credit, CutCov(), surrogate=Clip()), "arXiv:2505.22617", "Clip-Cov", _OLD, 4),
    "kl-cov": Entry(replace(_TOKENS, surrogate=Ratio(), restraint=HoldCov()), "arXiv:2505.22617", "KL-Cov", _OLD, 4),
    "hicra": Entry(_credit(_GROUP, *_GROUP.credit, Lift(), surrogate=Clip(0.2, 0.28)), "arXiv:2509.03646", "alpha .2", "roles, no n-grams"),
    "prorl": Entry(replace(_DAPO, kl=0.01, reference=Reset()), "arXiv:2505.24864", "resets", "a reset keeps Adam's moments", 4),
    "averaged-kl": Entry(replace(_GRPO, kl=0.01, reference=Average()), "arXiv:2406.16768", "moving anchor", "no merging of policies"),
}
"""Algorithms by name."""
