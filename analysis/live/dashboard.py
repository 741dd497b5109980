"""The report of a study under way, in sections. Each is drawn again when what it shows has changed, and not too often: a grid runs on
the same cores."""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from markupsafe import Markup

from analysis.figures import dag
from analysis.figures.gallery import EDGES, FOREST, LEARNING, PRETRAINING, Drawing
from analysis.figures.learning import Notes, draw_learning, draw_pretraining
from analysis.figures.maps import draw_edges
from analysis.figures.panels import base_name
from analysis.live.growing import Growing, Stamp
from analysis.live.sofar import judge_so_far, verdicts_so_far
from analysis.live.standings import failed, progress
from analysis.report.html import figure, section, tag
from analysis.running.plan import kind
from analysis.studies.results import Results
from analysis.studies.study import Cell
from train.stages.reading import why
from train.stages.stage import Stage

BUDGET = 0.15  # CPU seconds of a refresh, after which nothing more is begun
REST = 40  # a section that took t seconds is left as it is for so many times t


@dataclass(frozen=True)
class Section:
    """A part of the page: what it shows (an equal key is an equal picture), and how it is made."""

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

    def rested(self, now: float) -> bool:
        """Whether it may be made again."""
        return now - self.at >= REST * self.cost


@dataclass
class Dashboard:
    """The sections of the page. Reads the results folder, and writes nothing."""

    growing: Growing
    drawn: dict[str, Drawn] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)  # figures are drawn one at a time

    def __call__(self) -> tuple[dict[str, Markup], bool]:
        """The sections by name, and whether more of them could be drawn at once."""
        with self.lock:
            began = time.thread_time()

            def enough() -> bool:
                return time.thread_time() - began > BUDGET

            try:
                more = self.growing.read(enough)
                due = [s for s in SECTIONS if self._due(s)]
                for section in sorted(due, key=lambda s: self.drawn[s.name].at if s.name in self.drawn else 0.0):
                    if enough():
                        more = True
                        break
                    self._make(section)
            except FileNotFoundError:  # removed while we read: the next look sees what is left
                more = True
            live = {"progress": progress(self.growing), "failed": failed(self.growing)}
            return live | {s.name: self.drawn[s.name].html if s.name in self.drawn else Markup() for s in SECTIONS}, more

    def _due(self, section: Section) -> bool:
        last = self.drawn.get(section.name)
        return last is None or (last.rested(time.monotonic()) and last.key != section.key(self.growing))

    def _make(self, section: Section) -> None:
        began, key = time.thread_time(), section.key(self.growing)
        try:
            html = section.make(self.growing)
        except FileNotFoundError:
            raise
        except Exception as reason:  # of values that no figure is made for; the other sections are shown
            html = tag("p", f"The section “{section.name}” cannot be drawn: {why(reason)}", kind="note")
        self.drawn[section.name] = Drawn(key, html, time.thread_time() - began, time.monotonic())


def _drawn(drawing: Drawing, svg: str, caption: str = "") -> Markup:
    """The figure under its title; the title alone says that there is nothing yet."""
    body = figure(svg, f"{drawing.caption} {caption}".strip()) if svg else tag("p", "Nothing to draw yet.", kind="soft")
    return section(drawing.title, body)


def verdicts(growing: Growing) -> Markup:
    """The claims, from the seeds that are ready."""
    rows = growing.rows
    asked = growing.asked
    if not rows:
        return section("Verdicts so far", tag("p", f"None: no cell of {len(growing.cells)} is whole.", kind="soft"))
    found = judge_so_far(asked.study.claims_of(growing.cells), growing.cells, rows)
    answered = tuple(j for j in found.judgements if found.ready[j.name])
    cells = tuple(c for c in growing.cells if c in rows)
    svg = FOREST.draw(Results(asked.study, asked.setting, cells, tuple(rows[c] for c in cells), answered, growing.shelf))
    whole = f"{len(cells)} of {len(growing.cells)} cells have all their stages."
    return section(
        "Verdicts so far",
        tag("p", whole, kind="soft"),
        verdicts_so_far(asked.study.claims, found),
        figure(svg, FOREST.caption) if svg else "",
    )


def bases(growing: Growing) -> tuple[Cell, ...]:
    """The cells whose edge and scores before RL are there."""
    there = growing.now.there
    return tuple(c for c in growing.cells if {c.before, c.edge, c.edge.scores} <= there.keys())


def edges(growing: Growing) -> Markup:
    """The edge of every base that has been scored."""
    seeds = sorted({c.seed for c in bases(growing)})
    said = f"So far of {len(seeds)} of {len(growing.asked.setting.seeds)} seeds."
    return _drawn(EDGES, draw_edges(bases(growing), growing.asked.setting.withhold, growing.shelf), said)


def learning(growing: Growing) -> Markup:
    """What RL noted, of finished runs and of those under way."""
    runs: dict[tuple[tuple[str, str], ...], list[Stage]] = {}
    for cell, learn in growing.learned():
        if dict(cell.labels).get("control", "none") == "none":
            runs.setdefault(cell.labels, []).append(learn)
    notes = [_notes(growing, dict(labels), stages) for labels, stages in runs.items()]
    return _drawn(LEARNING, draw_learning(notes), "Thin: single runs that are under way.")


def pretraining(growing: Growing) -> Markup:
    """The loss of each base, finished or under way."""
    found: dict[str, list[Stage]] = {}
    for cell in growing.cells:
        if (policy := cell.before.policy) not in found.setdefault(base_name(cell), []) and kind(policy) == "pretrain":
            found[base_name(cell)].append(policy)
    notes = [_notes(growing, {"base": name}, stages) for name, stages in found.items()]
    return _drawn(PRETRAINING, draw_pretraining(notes), "Thin: single runs that are under way.")


def stages(growing: Growing) -> Markup:
    """The stages of the first seed that is not whole, with what has become of each."""
    now = growing.now
    running = now.underway

    def status(stage: Stage) -> dag.Status:
        return "there" if stage in now.there else "failed" if stage in now.failed else "running" if stage in running else "missing"

    seed = next((c.seed for c in growing.cells if not set(c.stages()) <= now.there.keys()), growing.cells[0].seed)
    said = "Dashed: has not run; thick: is running (▶) or failed (✗)."
    return section("Of what it is made", figure(dag.draw_stages(growing.cells, seed, status), f"{dag.caption(growing.cells, seed)} {said}"))


def _notes(growing: Growing, labels: dict[str, str], stages: list[Stage]) -> Notes:
    whole, underway = ([growing.notes(s) for s in stages if s in part] for part in (growing.now.there, growing.now.begun))
    return Notes(labels, [n for n in whole if n], [n for n in underway if n])


def _metrics(growing: Growing, kind_: str) -> tuple[Stamp, ...]:
    return tuple(growing.stamp(s) for s in growing.stages if kind(s) == kind_)


SECTIONS = (
    Section("verdicts", lambda g: g.measured, verdicts),
    Section("edges", lambda g: frozenset((c.before, g.now.there[c.before]) for c in bases(g)), edges),
    Section("learning", lambda g: _metrics(g, "practise"), learning),
    Section("pretraining", lambda g: _metrics(g, "pretrain"), pretraining),
    Section("stages", lambda g: (frozenset(g.now.there), frozenset(g.now.underway), frozenset(g.now.failed)), stages),
)
