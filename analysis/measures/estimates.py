"""Estimates over problems, within one seed, and their uncertainty. Pure functions of numbers: no files, no torch."""

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from synthtasks.checked import Above, Checked
from synthtasks.rng import rng

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
ROUNDING = 1e-6  # nats by which the log-probability of a certain solution may exceed 0


def exact_pass_at_k(logp: Floats, k: int) -> Floats:
    """1 - (1 - p)^k of each problem, from the log-probability that one sample solves it. Any shape; accurate at every scale.

    Raises:
        ValueError: if a log-probability is NaN, or above 0 by more than rounding.
    """
    if not (logp <= ROUNDING).all():
        raise ValueError(f"a log-probability is at most 0; found {logp[~(logp <= ROUNDING)].flat[0]}: the policy that was scored is broken")
    with np.errstate(divide="ignore"):  # p = 1 gives log(0), and pass@k = 1
        return np.asarray(-np.expm1(k * np.log1p(-np.exp(np.minimum(logp, 0.0)))))


def exact_pass_all_k(logp: Floats, k: int) -> Floats:
    """p^k of each problem (pass^k): the chance that all of k samples solve it, from the log-probability that one does. Any shape.

    Raises:
        ValueError: as `exact_pass_at_k`.
    """
    exact_pass_at_k(logp, k)  # checks
    return np.asarray(np.exp(k * np.minimum(logp, 0.0)))


def sampled_pass_at_k(n: NDArray[np.int64], c: NDArray[np.int64], k: int) -> Floats:
    """The chance that k of a problem's n samples, drawn without return, hold one of its c solutions. [P], [P] -> [P].

    Unbiased (arXiv:2107.03374 eq. 1), where "any of the first k" is merely noisy.

    Raises:
        ValueError: if some problem has fewer than 2k samples, where the estimate is too noisy to show, or c is not in [0, n].
    """
    if (n < 2 * k).any():
        raise ValueError(f"pass@{k} wants at least {2 * k} samples of every problem; some have {n.min()}")
    if ((c < 0) | (c > n)).any():
        raise ValueError("a problem has between 0 and n solutions among its n samples")
    i = np.arange(k)
    return np.asarray(1 - np.prod(np.clip(n[:, None] - c[:, None] - i, 0, None) / (n[:, None] - i), axis=1))


@dataclass(frozen=True)
class Interval:
    """An estimate, between two bounds."""

    mean: float
    low: float
    high: float


def bootstrap(x: Floats, *name: str | int, level: float = 0.95, draws: int = 1_000) -> Interval:
    """Mean and percentile interval over problems [P]: the uncertainty within a seed. `name` names its random numbers."""
    picks = rng("bootstrap", *name).integers(len(x), size=(draws, len(x)))
    low, high = np.quantile(x[picks].mean(1), ((1 - level) / 2, (1 + level) / 2))
    return Interval(float(x.mean()), float(low), float(high))


@dataclass(frozen=True)
class Thresholds(Checked):
    """The bounds by which problems count as solved, and as created or elicited."""

    solved: Annotated[float, Above(0, 1)] = 0.5  # p at least
    hardly: Annotated[float, Above(0)] = 0.05  # created: so many solutions expected among k samples, or fewer
    surely: Annotated[float, Above(0)] = 1.0  # elicited: so many, or more


@dataclass(frozen=True)
class Origins:
    """Where newly solved problems come from, as shares of them; NaN where there is none."""

    created: float  # hardly in reach of k samples of the base
    elicited: float  # in reach
    undetermined: float
    solved: int  # problems newly solved


def crossed(before: Bools, after: Bools) -> tuple[Bools, Bools]:  # any shape
    """The problems that are newly solved, and those that are lost."""
    return ~before & after, before & ~after


def origin(logp_before: Floats, k: int, thresholds: Thresholds = Thresholds()) -> NDArray[np.str_]:  # any shape
    """The origin that each problem has if it is newly solved: would k samples of the base have shown a solution?

    *created*: p < .05 / k, so that k samples show a solution with a chance below .05. *elicited*: p >= 1 / k, so that k samples
    show one or more on average. *undetermined*: between.
    """
    expected = k * np.exp(np.asarray(logp_before))
    return np.select([expected < thresholds.hardly, expected >= thresholds.surely], ["created", "elicited"], "undetermined")


def origins(logp_before: Floats, logp_after: Floats, k: int, thresholds: Thresholds = Thresholds()) -> Origins:  # [P], [P]
    """The origins of the problems that RL brought from p < 1/2 to p >= 1/2, as shares of them."""
    newly, _ = crossed(*(logp >= math.log(thresholds.solved) for logp in (logp_before, logp_after)))
    kinds = origin(logp_before[newly], k, thresholds)
    if not len(kinds):
        return Origins(math.nan, math.nan, math.nan, 0)
    created, elicited, between = (float((kinds == kind).mean()) for kind in ("created", "elicited", "undetermined"))
    return Origins(created, elicited, between, len(kinds))


def entropy(shares: Floats) -> float:  # [F], their sum is 1
    """Entropy of shares in nats: 0 if one has all, log F if they are equal."""
    some = shares[shares > 0]
    return float(-(some * np.log(some)).sum()) + 0.0  # no -0.0
