"""Measures of exact success: by difficulty, at the edge for every k, and where newly solved problems come from."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analysis.measures.edge import REGIONS, Edge
from analysis.measures.estimates import Floats, exact_pass_at_k, origins
from analysis.measures.facts import Cell, Fact
from analysis.measures.scores import Scores, difficulties, read_scores
from synthtasks.families import has_one_derivation, level
from train.ledger import read_ledger
from train.rl.problems import read_bands
from train.score import Score
from train.stages.seal import defined
from train.stages.stage import Shelf

KS = (1, 8, 32, 128, 1_024, 1_000_000)
EVERY_K = tuple(int(k) for k in np.unique(np.logspace(0, 6, 61).round()))  # of curves over k
MANY = (1, 128)  # the k of headroom, of floors, and of the edge
ORIGINS = ("elicited", "undetermined", "created")
SHOWN_ROLES = ("plan", "copy", "execute")
LOWER_BOUND = "lower bound"


def at_temperature_1(scores: Scores, band: Sequence[float]) -> Floats:  # [F, P]
    """Log-probabilities at temperature 1."""
    return scores.plain


def at_best_temperature(scores: Scores, band: Sequence[float]) -> Floats:  # [F, P]
    """Log-probabilities at the temperature that is best for pass@128 in the band. It is chosen on the problems that it is judged by, which
    favours it."""
    at = [scores.at(int(n)) for n in band] or list(range(len(scores.difficulties)))
    means = exact_pass_at_k(scores.logp[at], 128).mean((0, 2))  # [K]
    return np.asarray(scores.logp[:, int(means.argmax())])


def bands_of(cell: Cell, shelf: Shelf) -> dict[str, list[int]]:
    """The band of each region of the cell's edge."""
    edge = cell.stage("edge", Edge)
    found, _ = read_bands(defined(shelf.get(edge)), REGIONS, difficulties(edge.scores))
    return {region: list(band) for region, band in found.items()}


def scored(cell: Cell, name: str, shelf: Shelf) -> Scores:
    """The scores of a cell's stage."""
    return read_scores(cell.stage(name, Score), shelf)


def means(cell: Cell, phase: str, metric: str, scores: Scores, values: Floats) -> Iterator[Fact]:  # values [F, P]
    """A metric at each difficulty: its mean over problems."""
    for n, value in zip(scores.difficulties, values.mean(1).tolist(), strict=True):
        yield cell.fact(phase, metric, n, value, values.shape[1])


def imagined(cell: Cell, phase: str, metrics: Iterable[str], places: Iterable[float], value: float = 0.0) -> Iterator[Fact]:
    """Facts such as a measure will give, at each of these places."""
    every = tuple(places)
    return (cell.fact(phase, metric, at, value) for metric in metrics for at in every)


@dataclass(frozen=True)
class Exact:
    """Exact pass@k and the mean log-probability (nats) at every difficulty, from the `Score` that the cell calls `stage`."""

    stage: str = "after"
    phase: str = "after"
    read: Callable[[Scores, Sequence[float]], Floats] = at_temperature_1

    @property
    def needs(self) -> tuple[str, ...]:
        return self.stage, "edge"

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        scores = scored(cell, self.stage, shelf)
        logp = self.read(scores, bands_of(cell, shelf)["at"])
        for k in KS:
            yield from means(cell, self.phase, f"pass@{k}", scores, exact_pass_at_k(logp, k))
        yield from means(cell, self.phase, "log p", scores, np.minimum(logp, 0.0))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        return imagined(cell, self.phase, (*(f"pass@{k}" for k in KS), "log p"), difficulties(cell.stage(self.stage, Score)))


@dataclass(frozen=True)
class Regions:
    """The edge: the difficulties in each region, those of its band, and the success that decided it.

    `lower bound` marks the difficulties whose problems may have several derivations: exact success is there the probability of the
    reference's, and every pass@k that follows from it is a lower bound.
    """

    needs: tuple[str, ...] = ("edge",)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        edge, bands = cell.stage("edge", Edge), bands_of(cell, shelf)
        scores = read_scores(edge.scores, shelf)
        pass_at = {k: exact_pass_at_k(scores.plain, k) for k in MANY}
        for k, values in pass_at.items():
            yield from means(cell, "edge", f"pass@{k}", scores, values)
        for i, n in enumerate(scores.difficulties):
            yield cell.fact("edge", f"region {edge.rule.region(*(float(values[i].mean()) for values in pass_at.values()))}", n, 1.0)
        yield from (cell.fact("edge", f"band {region}", n, 1.0) for region, band in bands.items() for n in band)
        several = [level(family) for family in edge.scores.families if not has_one_derivation(family)]
        yield from (cell.fact("edge", LOWER_BOUND, n, 1.0) for n in several)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        """As if every region held the first difficulties."""
        edge = cell.stage("edge", Edge)
        every = difficulties(edge.scores)
        yield from imagined(cell, "edge", (f"pass@{k}" for k in MANY), every)
        yield from imagined(
            cell, "edge", (f"{what} {region}" for region in REGIONS for what in ("region", "band")), every[: edge.width], 1.0
        )


@dataclass(frozen=True)
class Roles:
    """Success of the base by role of the word, and the floor: the success of a policy that does all else right, and guesses the results
    of the `withheld` primitives."""

    withheld: Callable[[Cell], tuple[str, ...]]
    needs: tuple[str, ...] = ("before",)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        scores = scored(cell, "before", shelf)
        floor = scores.floor(self.withheld(cell))
        for role in SHOWN_ROLES:
            yield from means(cell, "before", role, scores, exact_pass_at_k(scores.role(role), 1))
        for k in MANY:
            yield from means(cell, "floor", f"pass@{k}", scores, exact_pass_at_k(floor, k))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        every = difficulties(cell.stage("before", Score))
        yield from imagined(cell, "before", SHOWN_ROLES, every)
        yield from imagined(cell, "floor", (f"pass@{k}" for k in MANY), every)


@dataclass(frozen=True)
class Headroom:
    """The share of the room above the base that learning filled, at every difficulty; a loss makes it negative."""

    needs: tuple[str, ...] = ("before", "after")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        before, after = scored(cell, "before", shelf), scored(cell, "after", shelf)
        for k in MANY:
            ends = [exact_pass_at_k(s.plain, k).mean(1).tolist() for s in (before, after)]
            for n, b, a in zip(before.difficulties, *ends, strict=True):
                yield cell.fact("before", f"headroom pass@{k}", n, 0.0, before.plain.shape[1])
                yield cell.fact("after", f"headroom pass@{k}", n, (a - b) / (1 - b) if b < 1 else 0.0, after.plain.shape[1])

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        for phase in ("before", "after"):
            yield from imagined(cell, phase, (f"headroom pass@{k}" for k in MANY), difficulties(cell.stage("before", Score)))


@dataclass(frozen=True)
class AtEdge:
    """On the problems at the edge: pass@k for every k before and after, its floor, and the origin of the newly solved ones by the number
    of samples granted to the base. The axis is k."""

    withheld: Callable[[Cell], tuple[str, ...]]
    needs: tuple[str, ...] = ("edge", "before", "after", "learn")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        band = bands_of(cell, shelf)["at"]
        before, after = scored(cell, "before", shelf), scored(cell, "after", shelf)
        if not band:
            return
        at = [before.at(n) for n in band]
        floor = before.floor(self.withheld(cell))
        phases = {"before": before.plain[at].ravel(), "after": after.plain[at].ravel(), "floor": floor[at].ravel()}
        for phase, logp in phases.items():
            yield from (cell.fact(phase, "at the edge", k, float(exact_pass_at_k(logp, k).mean()), len(logp)) for k in EVERY_K)
        for k in EVERY_K:
            found = origins(phases["before"], phases["after"], k)
            yield from (cell.fact("after", what, k, getattr(found, what), found.solved) for what in ORIGINS)

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        for phase in ("before", "after", "floor"):
            yield from imagined(cell, phase, ("at the edge", *(ORIGINS if phase == "after" else ())), EVERY_K)


@dataclass(frozen=True)
class Updates:
    """The difficulties that RL was given, and the optimiser steps that it took; `region` tells which region of the edge a cell is given."""

    region: Callable[[Cell], str]
    needs: tuple[str, ...] = ("edge", "learn")

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        yield from (cell.fact("learning", "given", n, 1.0) for n in bands_of(cell, shelf)[self.region(cell)])
        yield cell.fact("learning", "updates", None, float(read_ledger(defined(shelf.get(cell["learn"]))).updates))

    def imagined(self, cell: Cell) -> Iterator[Fact]:
        yield from imagined(cell, "learning", ["given"], difficulties(cell.stage("edge", Edge).scores)[:1], 1.0)
        yield cell.fact("learning", "updates", None, 1.0)


BEFORE_AND_AFTER = (Regions(), Exact("before", "before"), Exact("after", "after"))
"""The edge, and exact success at every difficulty before and after learning: most studies read these."""
