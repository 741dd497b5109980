"""Estimates over problems, within one seed, and their uncertainty. Pure functions of numbers: no files, no torch."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from synthtasks.rng import rng

Floats = NDArray[np.float64]
ROUNDING = 1e-6  # nats by which the log-probability of a certain solution may exceed 0
HARDLY = 0.05  # the expected number of solutions among k samples, below which a problem was out of reach


def exact_pass_at_k(logp: Floats, k: int) -> Floats:
    """1 - (1 - p)^k of each problem, from the log-probability that one sample solves it. Any shape; accurate at every scale.

    Raises:
        ValueError: if a log-probability is NaN, or above 0 by more than rounding.
    """
    if not (logp <= ROUNDING).all():
        raise ValueError(f"a log-probability is at most 0; found {logp[~(logp <= ROUNDING)].flat[0]}: the policy that was scored is broken")
    with np.errstate(divide="ignore"):  # p = 1 gives log(0), and pass@k = 1
        return np.asarray(-np.expm1(k * np.log1p(-np.exp(np.minimum(logp, 0.0)))))


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
class Origins:
    """Where newly solved problems come from, as shares of them; NaN where there is none."""

    created: float  # hardly in reach of k samples of the base
    elicited: float  # in reach
    undetermined: float
    solved: int  # problems newly solved


def origins(logp_before: Floats, logp_after: Floats, k: int) -> Origins:  # [P], [P]
    """The origins of the problems that RL brought from p < 1/2 to p >= 1/2: would k samples of the base have shown a solution?

    *Created*: p < .05 / k, so that k samples show a solution with a chance below .05. *Elicited*: p >= 1 / k, so that k samples
    show one or more on average.
    """
    newly = (logp_before < math.log(0.5)) & (logp_after >= math.log(0.5))
    p = np.exp(logp_before[newly])
    if not len(p):
        return Origins(math.nan, math.nan, math.nan, 0)
    created, elicited = p < HARDLY / k, p >= 1 / k
    return Origins(float(created.mean()), float(elicited.mean()), float((~created & ~elicited).mean()), len(p))
