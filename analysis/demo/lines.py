"""The lines of a plot, from facts: each series as its mean over seeds, with the seeds."""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

from analysis.design.shown import Facts, Plot, Series
from analysis.measures.facts import chosen, outcomes

Points = tuple[tuple[float, float], ...]  # x, y
UNDER_WAY = " under way"  # is added to the phase of the notes of stages that still run


@dataclass(frozen=True)
class Line:
    """One series as it is drawn; empty where nothing was measured."""

    name: str
    mean: Points  # where every seed has a value
    seeds: tuple[Points, ...]

    @property
    def points(self) -> Points:
        """The points of the mean and of all seeds."""
        return (*self.mean, *(point for seed in self.seeds for point in seed))


def lines(plot: Plot, facts: Facts) -> tuple[Line, ...]:
    """A line for each series."""
    return tuple(_line(series, plot.times, facts) for series in plot.series)


def _line(series: Series, times: float, facts: Facts) -> Line:
    curves: list[Mapping[float, float]] = []
    for outcome in chosen(facts, series.labels):
        curve = outcome.curve(series.phase, series.metric) or outcome.curve(series.phase + UNDER_WAY, series.metric)
        curves += [curve] if curve else []
    seeds = tuple(tuple((x, times * y) for x, y in sorted(curve.items())) for curve in curves)
    shared = sorted(set(curves[0]).intersection(*curves[1:])) if curves else ()
    return Line(series.name, tuple((x, times * fmean(curve[x] for curve in curves)) for x in shared), seeds)


def stretches(plot: Plot, facts: Facts) -> dict[str, tuple[float, float]]:
    """The first and last place of each band of the plot, over all seeds; bands that no seed has are left out."""
    found: dict[str, tuple[float, float]] = {}
    for band in plot.bands:
        places = [x for o in outcomes(facts) if o.has(band.labels.items()) for x in o.places(band.phase, band.metric)]
        found |= {band.name: (min(places), max(places))} if places else {}
    return found
