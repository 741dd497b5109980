"""The shape of a learning curve: where it ends, how steeply it rises, and when it is half-way (arXiv:2510.13786)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.measures.facts import Cell, Fact
from analysis.measures.noted import Noted
from train.stages.stage import Shelf

FEW = 8  # points that a fit wants at least
EXPLAINED = 0.5  # share of the variance of the curve that a fit explains at least: less is noise around a constant
KNOWN = 0.1  # standard error that the asymptote has at most
STEEPEST = 20.0  # exponents beyond are steps between two points, whose steepness the curve does not tell


@dataclass(frozen=True)
class Sigmoid:
    """A curve that goes from `start` to `asymptote`: y(x) = start + (asymptote - start) / (1 + (midpoint / x)^steepness)."""

    start: float
    asymptote: float
    steepness: float
    midpoint: float  # in units of x

    def __call__(self, x: float) -> float:
        """The value at x > 0."""
        return float(self.start + (self.asymptote - self.start) / (1 + (self.midpoint / x) ** self.steepness))


def fitted(x: Sequence[float], y: Sequence[float]) -> Sigmoid | None:
    """The sigmoid nearest to a curve of shares, by least squares; its start is the first value. None, where the curve does not tell one:
    the search does not converge, the midpoint lies outside of the curve, the asymptote's standard error exceeds .1, or less than half of
    the variance is explained, as of a curve that stays where it is."""
    from scipy import optimize

    if len(x) < FEW or max(y) == min(y):
        return None
    xs, ys = np.array(x, dtype=float), np.array(y, dtype=float)

    def curve(at: np.ndarray, asymptote: float, steepness: float, midpoint: float) -> np.ndarray:
        return np.array([Sigmoid(y[0], asymptote, steepness, midpoint)(each) for each in at])

    guess = (float(np.clip(ys[-1], 0.01, 0.99)), 2.0, float(np.median(xs)))
    try:
        best, covariance = optimize.curve_fit(curve, xs, ys, guess, bounds=((0, 0.1, xs[0]), (1, STEEPEST, xs[-1])))
    except RuntimeError:  # no convergence, which is a result: this curve has no such shape
        return None
    found = Sigmoid(y[0], *map(float, best))
    explained = 1 - float(((ys - curve(xs, *best)) ** 2).sum() / ((ys - ys.mean()) ** 2).sum())
    inside = xs[0] < found.midpoint < 0.999 * xs[-1]
    if not (inside and explained >= EXPLAINED and np.isfinite(covariance).all() and covariance[0, 0] ** 0.5 <= KNOWN):
        return None
    return found


@dataclass(frozen=True)
class Fitted:
    """The sigmoid of a learning curve: `asymptote`, `steepness`, and `midpoint` in iterations, of a metric that the stage notes. Where no
    sigmoid fits there are no such facts, and `fitted` is 0: a claim reads them by `claims.IfMeasured`, which leaves out such seeds."""

    stage: str = "learn"
    metric: str = "pass@1"

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.stage,)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        points = list(Noted(self.stage, (self.metric,))(cell, shelf))
        found = fitted([p.at for p in points if p.at is not None], [p.value for p in points])
        yield cell.fact("learning", f"{self.metric}: fitted", None, float(found is not None), len(points))
        if found is not None:
            for name in ("asymptote", "steepness", "midpoint"):
                yield cell.fact("learning", f"{self.metric}: {name}", None, getattr(found, name), len(points))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return (cell.fact("learning", f"{self.metric}: {name}", None, 0.0) for name in ("fitted", "asymptote", "steepness", "midpoint"))
