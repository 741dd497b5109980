"""Studies: a question, the cells that answer it, their measures, and the claims, written down before the run."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass
from typing import TYPE_CHECKING, Annotated

from analysis.claims.claims import Claim
from analysis.claims.looks import Looks
from analysis.design.scale import Scale
from analysis.design.shown import Facts, Kept, Plot, Question, Side, Written
from analysis.measures.facts import Cell, Fact, Measure
from synthtasks.checked import From, check

if TYPE_CHECKING:
    from altair.typing import ChartType

RESERVED = ("stages", "logs")  # folders that lie beside those of studies


@dataclass(frozen=True)
class NoOptions:
    """The options of a study that has none."""


@dataclass(frozen=True)
class Setting:
    """One request to a study: how large, in which seeds, and with which options of its own.

    Raises:
        ValueError: if a seed is negative, or comes twice: it would count as two.
    """

    scale: Scale
    seeds: tuple[Annotated[int, From(0)], ...] = ()
    options: object = NoOptions()

    def __post_init__(self) -> None:
        check(self)
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"Setting.seeds has each seed once; found {self.seeds}")


@dataclass(frozen=True)
class Figure:
    """A figure of a report, with its caption."""

    title: str
    draw: "Callable[[Sequence[Fact]], ChartType | None]"  # a chart of Altair; None, where there is nothing to draw
    caption: str


@dataclass(frozen=True)
class Published:
    """A finding that others published, as its source gives it."""

    source: str  # as "arXiv:2512.07783, figure 1"
    said: str


@dataclass(frozen=True)
class Card:
    """The words of a study's card beside its own findings, of which the headline is that on its first claim."""

    published: tuple[Published, ...] = ()
    change: str = ""  # what would change the answer
    figure: str = ""  # title of the figure that shows the answer; by default the first
    checks: tuple[str, ...] = ()  # names of the claims that check the experiment itself: against a placebo, or by a positive control


@dataclass(frozen=True)
class Act:
    """One part of a demo: a text, a question, and the result.

    `opening` and `written` are shown before the question, without marks if they are `written`. An opening reads stages of earlier acts.
    """

    title: str
    text: str
    question: Question
    labels: Mapping[str, str] = field(default_factory=dict)  # of the cells whose stages the act needs
    stages: tuple[str, ...] = ()  # these, by their names in the cells
    written: Callable[[Setting], Written] | None = None
    opening: tuple[Side, ...] = ()
    growing: Plot | None = None  # shown while the stages run
    plots: tuple[Plot, ...] = ()
    sides: tuple[Side, ...] = ()  # tries at one problem: the first at which each side has a try of its pick


@dataclass(frozen=True)
class Demo:
    """A study for a class.

    `ending` says what was seen, of the facts and of the kept findings of the study: three sentences.
    """

    acts: tuple[Act, ...]
    cells: Callable[[Setting, int], Iterable[Cell]]  # of a seed: mostly some of the study's
    picture: Plot
    ending: Callable[[Facts, Mapping[str, Kept]], tuple[str, str, str]]


@dataclass(frozen=True)
class Study:
    """One question in one file. All that is particular to a study is here: no other code knows its labels or metrics.

    `axes` names the labels of its cells and the values that each may have; `cells` makes the cells of a seed, each with a value of
    every axis.

    Raises:
        ValueError: if its name cannot be that of a folder, an axis has no values, two claims have one name, its card
            shows no figure of its own, or its options are none.
    """

    name: str
    question: str
    source: str
    axes: Mapping[str, tuple[str, ...]]
    cells: Callable[[Setting, int], Iterable[Cell]]
    measures: tuple[Measure, ...]
    claims: tuple[Claim, ...]
    figures: tuple[Figure, ...] = ()
    looks: Looks = Looks()
    demo: Demo | None = None  # of the study for a class
    options: object = NoOptions()  # a frozen dataclass: its fields are options of the command line, at these defaults
    card: Card = Card()

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name) or self.name in RESERVED:
            raise ValueError(f"a study's name is that of a folder, as in grid, and none of {', '.join(RESERVED)}; found {self.name!r}")
        if not is_dataclass(self.options) or isinstance(self.options, type):
            raise ValueError(f"the options of a study are a frozen dataclass, made; found {self.options}")
        if not all(self.axes.values()):
            raise ValueError(f"each axis of a study has values; found {dict(self.axes)}")
        if self.card.figure and self.shown is None:
            raise ValueError(f"the card of a study shows one of its figures, {[f.title for f in self.figures]}; found {self.card.figure!r}")
        names = [claim.name for claim in self.claims]
        if len(set(names)) < len(names):
            raise ValueError(f"each claim has a name of its own; found {names}")

    @property
    def shown(self) -> Figure | None:
        """The figure that its card shows; None, where there is none."""
        return next((f for f in self.figures if f.title == self.card.figure or not self.card.figure), None)

    def every(self, setting: Setting) -> Iterator[Cell]:
        """Every cell, seed by seed, so that a seed is whole before the next begins."""
        return (cell for seed in setting.seeds for cell in self.cells(setting, seed))

    def claims_of(self, cells: Sequence[Cell]) -> tuple[Claim, ...]:
        """The claims that these cells can answer."""
        labels = [dict(c.labels) for c in cells]
        return tuple(c for c in self.claims if c.answered_by(labels))
