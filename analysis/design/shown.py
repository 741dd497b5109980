"""The parts of a demo that are shown, as values: questions, plots of facts, and tries of policies at a problem."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from analysis.measures.facts import Fact
from synthtasks.problem import Problem
from synthtasks.surfaces import Surface
from synthtasks.trace import Words

Facts = Sequence[Fact]
Labels = Mapping[str, str]
Pick = Literal["first", "right", "wrong"]


@dataclass(frozen=True)
class Series:
    """One line of a plot: a metric along its axis in one phase of the cells with these labels; the mean over seeds."""

    name: str
    labels: Labels
    phase: str
    metric: str


@dataclass(frozen=True)
class Plot:
    """A plot of facts, drawn on the terminal and by altair."""

    title: str
    x: str  # the axis, with its unit
    y: str
    series: tuple[Series, ...]
    bands: tuple[Series, ...] = ()  # named stretches of the x axis: the places where a metric is not zero in some seed
    times: float = 100.0  # values are drawn as so many times themselves
    top: float | None = 100.0  # of the y axis, which begins at 0; None: the largest value


@dataclass(frozen=True)
class Side:
    """One policy's tries at a problem: those of the stage of samples that the cell with these labels calls `stage`, in the first seed."""

    title: str
    labels: Labels
    stage: str
    pick: Pick = "first"  # the try that is shown: the first of all, of the right ones, or of the wrong ones


@dataclass(frozen=True)
class Written:
    """A problem with words that answer it."""

    title: str
    problem: Problem
    surface: Surface
    words: Words


@dataclass(frozen=True)
class Question:
    """A question to guess before the result is shown. Texts hold {fields} of the scale and the options."""

    text: str
    choices: tuple[str, ...]
    right: Callable[[Facts], Collection[int]]  # the choices that hold by the facts, counted from 0; none where they do not tell
    told: Callable[[Facts], str]  # the result in a sentence or two, with its numbers


@dataclass(frozen=True)
class Kept:
    """A kept finding: a difference with its interval, in points of 100."""

    difference: float
    low: float
    high: float
    seeds: int
