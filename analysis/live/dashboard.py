"""The report of a study under way, in sections. A section is drawn again when its facts have changed, and not too often: the study runs on
the same cores."""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cached_property, partial

from markupsafe import Markup

from analysis.design.study import Figure
from analysis.live.growing import Growing
from analysis.live.sofar import judge_so_far, verdicts_so_far
from analysis.live.standings import failed, progress
from analysis.measures.facts import Cell
from analysis.report import dag, forest
from analysis.report.html import figure, section, tag
from train.stages.reading import why
from train.stages.stage import Stage

BUDGET = 0.15  # CPU seconds of a refresh, after which nothing more is begun
REST = 40  # a section that took t seconds is left as it is for so many times t


@dataclass(frozen=True)
class Section:
    """A part of the page: its key (an equal key is an equal picture), and the function that makes it."""

    name: str
    key: Callable[[Growing], Hashable]
    make: Callable[[Growing], Markup]


@dataclass(frozen=True)
class Drawn:
    """A section as it was last made."""

    key: Hashable
    html: Markup
    cost: float  # CPU seconds
    at: float  # time.monotonic()


@dataclass
class Dashboard:
    """The sections of the page. Reads the results folder, and writes nothing."""

    growing: Growing
    drawn: dict[str, Drawn] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)  # figures are drawn one at a time

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The parts of the page of this study."""
        every = enumerate(self.growing.request.study.figures)
        figures = [Section(f"figure-{i}", lambda g: (g.stamps(Cell), g.stamps(Stage)), partial(draw, of)) for i, of in every]
        states = Section("stages", lambda g: (frozenset(g.now.there), frozenset(g.now.underway), frozenset(g.now.failed)), stages)
        return Section("verdicts", lambda g: g.stamps(Cell), verdicts), *figures, states

    def __call__(self) -> tuple[dict[str, Markup], bool]:
        """The sections by name, and true if more of them could be drawn at once."""
        with self.lock:
            began = time.thread_time()

            def enough() -> bool:
                return time.thread_time() - began > BUDGET

            try:
                more = self.growing.read(enough)
                due = [s for s in self.sections if self._due(s)]
                for part in sorted(due, key=lambda s: self.drawn[s.name].at if s.name in self.drawn else 0.0):
                    if enough():
                        more = True
                        break
                    self._make(part)
            except FileNotFoundError:  # a folder was removed meanwhile: the next refresh sees what is left
                more = True
            live = {"progress": progress(self.growing), "failed": failed(self.growing)}
            return live | {s.name: self.drawn[s.name].html if s.name in self.drawn else Markup() for s in self.sections}, more

    def _due(self, section: Section) -> bool:
        last = self.drawn.get(section.name)
        return last is None or (time.monotonic() - last.at >= REST * last.cost and last.key != section.key(self.growing))

    def _make(self, section: Section) -> None:
        began, key = time.thread_time(), section.key(self.growing)
        try:
            html = section.make(self.growing)
        except FileNotFoundError:
            raise
        except Exception as reason:  # a figure may fail on unusual values; the other sections are shown
            html = tag("p", f"The section “{section.name}” cannot be drawn: {why(reason)}", kind="note")
        self.drawn[section.name] = Drawn(key, html, time.thread_time() - began, time.monotonic())


def verdicts(growing: Growing) -> Markup:
    """The claims, from the seeds that are ready."""
    found, study, cells = growing.outcomes(), growing.request.study, growing.cells
    if not found:
        return section("Verdicts so far", tag("p", f"None: no cell of {len(cells)} is whole.", kind="soft"))
    judged = judge_so_far(study.claims_of(cells), cells, found)
    chart = forest.forest([f for f in judged.findings if judged.ready[f.name]])
    return section(
        "Verdicts so far",
        tag("p", f"{len(found)} of {len(cells)} cells have all their stages.", kind="soft"),
        verdicts_so_far(judged),
        figure(chart, forest.CAPTION) if chart else "",
    )


def draw(of: Figure, growing: Growing) -> Markup:
    """A figure of the study under its title, from the facts so far."""
    chart = of.draw(growing.facts())
    said = f"{of.caption} So far: {len(growing.whole())} of {len(growing.cells)} cells are whole; thin curves are single runs under way."
    return section(of.title, figure(chart, said) if chart else tag("p", "Nothing to draw yet.", kind="soft"))


def stages(growing: Growing) -> Markup:
    """The stages of the first seed that is not whole, with the state of each."""
    now = growing.now
    running = now.underway

    def status(stage: Stage) -> dag.Status:
        return "there" if stage in now.there else "failed" if stage in now.failed else "running" if stage in running else "missing"

    seed = next((c.seed for c in growing.cells if not set(c.stages) <= now.there.keys()), growing.cells[0].seed)
    said = "Dashed: has not run; thick: is running (▶) or failed (✗)."
    return section("Stages", figure(dag.draw_stages(growing.cells, seed, status), f"{dag.caption(growing.cells, seed)} {said}"))
