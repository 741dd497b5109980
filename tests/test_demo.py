"""The demo for a class: questions before results, marks as the judge gives them, charts that are true, and screens that fit."""

import io
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console, RenderableType
from rich.text import Text

from analysis.cli.demo import Opened, Progress, demo, opened, shown, unattended
from analysis.cli.options import parsed
from analysis.cli.request import Request
from analysis.cli.terminal import Terminal
from analysis.cli.verbs import Demo as Verb
from analysis.demo import behind as behind_the_scenes
from analysis.demo.audience import Audience, Class
from analysis.demo.chart import Chart
from analysis.demo.lines import Line, lines, stretches
from analysis.demo.pages import chart, opening, question, result, screens, verdict
from analysis.demo.perform import needed, words_of
from analysis.demo.picture import picture, save
from analysis.demo.tries import Tries, judged, marks
from analysis.demo.tries import shown as told
from analysis.design.found import kept_findings
from analysis.design.recipes import Tasks
from analysis.design.scale import CPU, SMOKE
from analysis.design.shown import Facts, Plot, Question, Series, Written
from analysis.design.study import Act, Demo, Setting, Study
from analysis.measures.facts import Cell, Fact
from analysis.running.agenda import Agenda, State
from analysis.running.engine import Care
from analysis.studies import STUDIES
from analysis.studies import grid_told as grid
from synthtasks import Dag, Program, rng
from synthtasks.families import Family, problem
from synthtasks.surfaces import Compact, Equations, Surface
from synthtasks.verify import verify
from train.stages.stage import Context, Shelf, Stage, closure
from train.stages.store import Store

SETTING = Setting(CPU, (0,), Tasks())
GRID = STUDIES["grid"].demo
assert GRID is not None
SEED = 0


def text_of(page: RenderableType, width: int = 80) -> str:
    """A page as it is printed without colours."""
    console = Terminal(file=io.StringIO(), width=width)
    return "\n".join("".join(s.text for s in line).rstrip() for line in console.render_lines(page))


# --- a demo of two acts, whose stages take no time


@dataclass(frozen=True, eq=False, repr=False)
class Number(Stage):
    """A number in a file, on top of another."""

    value: float
    before: Stage | None = None

    def run(self, out: Path, context: Context) -> None:
        if self.before:
            context.get(self.before)
        (out / "number").write_text(str(self.value), encoding="utf-8")


@dataclass(frozen=True)
class Read:
    """The number of the stage of this name."""

    stage: str

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.stage,)

    def __call__(self, cell: Cell, shelf: Shelf) -> Iterator[Fact]:
        yield cell.fact(self.stage, "number", 1.0, float((shelf.get(cell[self.stage]) / "number").read_text(encoding="utf-8")))


def numbers(setting: Setting, seed: int) -> Iterator[Cell]:
    first = Number(0.25 + seed)
    yield Cell.of({"of": "all"}, seed, first=first, second=Number(0.75 + seed, first))


def act(name: str, right: Callable[[Facts], Sequence[int]]) -> Act:
    """An act whose result is the number of a stage."""
    asked = Question(f"Is {name} large?", ("yes", "no"), right, lambda facts: f"The {name} is {', '.join(str(f.value) for f in facts)}.")
    plot = Plot(f"Plot of {name}", "x", "y", (Series(name, {"of": "all"}, name, "number"),))
    return Act(f"Act of {name}", "A text.", asked, {}, (name,), plots=(plot,))


def small(facts: Facts) -> Sequence[int]:
    return [1] if facts else []


TWO = (act("first", small), act("second", small))
SAYS = ("One {}.", "Two.", "Three.")
TINY = Study(
    "tiny", "?", "none", {"of": ("all",)}, numbers, (Read("first"), Read("second")), (),
    demo=Demo(TWO, numbers, TWO[1].plots[0], lambda facts, kept: (f"One {len(facts)}.", "Two.", "Three.")),
)  # fmt: skip


@dataclass
class Engine:
    """An engine in this process, which remembers what it ran."""

    ran: list[Stage] = field(default_factory=list)

    def __call__(
        self, stages: Sequence[Stage], store: Store, jobs: int, cost: Callable[[Stage], float], watch: Callable[[State], None], care: Care
    ) -> State:
        agenda = Agenda(stages, store, cost)
        while (stage := agenda.next()) is not None:
            watch(agenda.state)
            store.get(stage)
            self.ran.append(stage)
            agenda.done(stage)
        return agenda.state


@dataclass
class Seen:
    """Everything that a class saw and typed, in order."""

    keys: Iterator[str]
    events: list[str] = field(default_factory=list)
    width: int = 80
    height: int = 24

    @contextmanager
    def __call__(self, console: Console, progress: Progress, left: Callable[[], bool]) -> Iterator[Audience]:
        def put(page: RenderableType) -> None:
            self.events.append(text_of(page, self.width))

        def key(seconds: float) -> str:
            typed = next(self.keys)
            self.events.append(f"typed {typed!r}")
            return typed

        yield Class(Sized(self.width, self.height), put, key, left, progress.under)


class Sized(Terminal):
    """A console of so many columns and rows."""

    def __init__(self, width: int, height: int):
        super().__init__(file=io.StringIO(), width=width)
        self.height = height


def performed(out: Path, open: Opened, engine: Engine, study: Study = TINY) -> tuple[int, str]:
    """Perform the tiny demo; its status, and what was printed."""
    printed = Terminal(file=io.StringIO(), width=80)
    request, found = shown(Request(study, Setting(SMOKE, (0,)), {}, out, 1))
    status = demo(request, found, printed, open, engine)
    assert isinstance(printed.file, io.StringIO)
    return status, printed.file.getvalue()


# Broken if a class saw a result before it had guessed, or said that it does not; or if the answer did not stand beside the guess.
@pytest.mark.parametrize(("key", "beside"), [("2", "✓ your guess   2  no"), ("1", "✗ your guess   1  yes"), ("\n", "✓ 2  no")])
def test_no_result_before_the_guess(key: str, beside: str, tmp_path: Path) -> None:
    seen = Seen(itertools.chain("x9", itertools.cycle((key, " "))))  # other keys answer nothing
    assert performed(tmp_path, seen, Engine())[0] == 0
    for one in TWO:
        name = one.stages[0]
        asked = [i for i, event in enumerate(seen.events) if one.question.text in event]
        told = [i for i, event in enumerate(seen.events) if f"The {name} is" in event or f"Plot of {name}" in event]
        assert asked
        assert told
        assert seen.events[asked[-1] + 1] == f"typed {key!r}"  # the question was left by this key
        assert min(told) > asked[-1]
        assert beside in seen.events[min(told)]
    right = {"2": 2, "1": 0}
    assert not right.get(key, 0) or f"You guessed {right[key]} of 2." in " ".join(seen.events)


# Broken if a demo that nobody attends waited for a key, or a terminal without a keyboard were taken for a class.
def test_auto_reads_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Unread:
        def __getattr__(self, name: str) -> object:
            raise AssertionError(f"stdin.{name} was used")

    monkeypatch.setattr("sys.stdin", Unread())
    status, printed = performed(tmp_path, unattended, Engine())
    assert status == 0
    for words in ("Act of first", "The first is 0.25", "Plot of second", "One 2.", "Two.", "Three.", "demo.html"):
        assert words in printed
    assert opened(Terminal(file=io.StringIO())) is unattended  # which is no terminal, so stdin is not even looked at


# Broken if a demo that was left, or stopped, lost what it had, or ran it again; or if leaving were an error.
def test_the_same_command_goes_on(tmp_path: Path) -> None:
    first, again = Engine(), Engine()
    status, printed = performed(tmp_path, Seen(iter("1q")), first)
    assert status == 0
    assert "same command goes on" in printed
    assert performed(tmp_path, unattended, again)[0] == 0
    assert not set(first.ran) & set(again.ran)
    assert len(set(first.ran) | set(again.ran)) == 2
    assert {f.name for f in (tmp_path / "tiny_demo").iterdir()} == {"cells.jsonl", "demo.html", "demo.svg", "setting.json", "stages.json"}


# Broken if a stage that fails were passed over, or a mistake of the engine were lost in its thread.
def test_failures_end_the_demo(tmp_path: Path) -> None:
    def failing(stages: Sequence[Stage], store: Store, jobs: int, cost: object, watch: Callable[[State], None], care: Care) -> State:
        state = State(failed=dict.fromkeys(closure(stages), "ValueError: no"))
        watch(state)
        return state

    def broken(*_: object) -> State:
        raise OSError("the disk is full")

    for engine, out in ((failing, tmp_path / "a"), (broken, tmp_path / "b")):
        run = partial(performed, out, unattended, engine)
        if engine is broken:
            with pytest.raises(OSError, match="the disk is full"):
                run()
        else:
            status, printed = run()
            assert status == 1
            assert "ValueError: no" in printed
            assert "The first is" not in printed


# Broken if the stages of a later act ran while those of the first one wait, however long their chains are.
def test_acts_run_in_their_order(tmp_path: Path) -> None:
    chain = Number(1.0)
    for value in range(2, 6):
        chain = Number(float(value), chain)
    acts = [[Number(10.0)], [Number(20.0), Number(21.0, Number(22.0))], [chain]]
    agenda = Agenda([s for stages in reversed(acts) for s in stages], Store(tmp_path), behind_the_scenes.urgency(acts))
    order = []
    while (stage := agenda.next()) is not None:
        agenda.done(stage)
        order.append(stage)
    place = [max(order.index(s) for s in closure(stages)) for stages in acts]
    assert place == sorted(place) == [0, 3, 8]


# Broken if a demo took other cells than its own, hid that a study has none, or ran more seeds than were asked for.
def test_what_a_demo_asks_for(tmp_path: Path) -> None:
    made = Request(STUDIES["grid"], SETTING, {}, tmp_path, 1)
    request, found = shown(made)
    assert request.folder == tmp_path / "grid_demo"
    assert found is GRID
    every = {stage for cell in made.cells() for stage in closure(cell.stages)}
    own = {stage for cell in request.cells() for stage in closure(cell.stages)} - every
    assert {stage.word for stage in own} == {"sample"}  # the rest is what `run` runs, too
    acts = [needed(act, request.cells()) for act in found.acts]
    assert set().union(*acts) <= {stage for cell in request.cells() for stage in cell.stages}
    for i, one in enumerate(found.acts):  # an opening is shown while the stages of its own act may still run
        earlier = {stage for stages in acts[:i] for stage in stages}
        for side in one.opening:
            assert all(cell[side.stage] in earlier for cell in request.cells() if side.labels.items() <= dict(cell.labels).items())
    with pytest.raises(ValueError, match=r"the study tiny has no demo"):
        shown(Request(replace(TINY, demo=None), Setting(SMOKE, (0,)), {}, tmp_path, 1))
    with pytest.raises(ValueError, match=r"demo shows cells of its own; found --only region=at"):
        shown(Request(STUDIES["grid"], SETTING, {"region": "at"}, tmp_path, 1))
    seeds = {scale: parsed(Verb, ["grid", "--scale", scale]).sizes.seeds for scale in ("smoke", "cpu", "gpu")}
    assert seeds == {"smoke": 1, "cpu": 1, "gpu": 8}
    assert parsed(Verb, ["grid", "--seeds", "3"]).sizes.seeds == 3


# --- marks


def spoiled(seed: int) -> Written:
    """A problem, and its solution with some words changed, left out or doubled."""
    g = rng("spoiled", seed)
    kinds: tuple[tuple[Family, Surface], ...] = (Program(steps=4, lines=8), Compact()), (Dag(steps=5, depth=3), Equations())
    family, surface = kinds[seed % 2]
    one = problem(family, "test", "demo", seed)
    trace = surface.read(surface.solution(one))
    steps = trace.assertions
    if seed % 5 < 2:  # a right step twice, or the last one left out
        return Written("said", one, surface, surface.write(replace(trace, assertions=((*steps[:1], *steps), steps[:-1])[seed % 5])))
    words = list(surface.solution(one))
    for _ in range(int(g.integers(4))):
        i, j = (int(n) for n in g.integers(len(words), size=2))
        words[i : i + int(g.integers(3))] = words[j : j + int(g.integers(3))]
    return Written("said", one, surface, tuple(words))


# Broken if a class saw another mark than the judge gives, a mistake without its reason, or a derivation called right that is not.
def test_marks_are_the_judges() -> None:
    kinds = set()
    for seed in range(150):
        written = spoiled(seed)
        trace = written.surface.read(written.words)
        outcome, found = verify(written.problem, trace), marks(written)
        wrong = {slip.at for slip in outcome.slips}
        assert [m.right for m in found[: len(trace.assertions)]] == [yes and i not in wrong for i, yes in enumerate(outcome.steps)]
        assert all(m.right for m in found) == outcome.process
        assert all(m.right or m.reason for m in found)
        said = text_of(judged(written), 200)
        assert said.count("✓") == sum(m.right for m in found)
        assert said.count("✗") == len(found) - said.count("✓")
        assert ("not a right derivation" in said) != outcome.process
        kinds |= {slip.kind for slip in outcome.slips}
    assert kinds >= {"operator", "operand", "value", "inherited", "missing", "extra", "answer", "format"}


# Broken if the first act asked about an answer that the judge finds wrong, or a derivation that it finds right.
def test_the_first_act_asks_about_a_right_answer_by_a_wrong_step() -> None:
    assert GRID
    assert GRID.acts[0].written
    for scale in (CPU, SMOKE):
        written = GRID.acts[0].written(replace(SETTING, scale=scale))
        outcome = verify(written.problem, written.surface.read(written.words))
        assert outcome.correct
        assert not outcome.process
    before = "".join(text_of(page) for page in opening(GRID.acts[0], words_of(SETTING), written, ()))
    assert "✗" not in before
    assert "✓" not in before


# --- numbers


def grid_facts(at: Callable[[str, str, str], float], seeds: int = 1) -> list[Fact]:
    """Facts of the grid's demo: `at` gives pass@k at the edge by cell, phase and metric; below it all is solved, beyond it nothing."""
    found = []
    cells = {f"A {r}": grid.A[r] for r in grid.A} | {f"B {r}": grid.B[r] for r in grid.B} | {"coin": grid.COIN}
    for seed in range(seeds):
        for name, labels in cells.items():
            cell = Cell(tuple(labels.items()), seed, ())
            for n in range(1, 13):
                region = "below" if n < 5 else "at" if n < 7 else "beyond"
                found += [cell.fact("edge", f"band {region}", n, 1.0), cell.fact("edge", f"region {region}", n, 1.0)]
                for phase, metric in itertools.product(("before", "after", "floor"), ("pass@1", "pass@128")):
                    easy = 0.0 if name.startswith("B") else 1.0
                    found.append(cell.fact(phase, metric, n, {"below": easy, "at": at(name, phase, metric), "beyond": 0.0}[region]))
            found += [cell.fact("learning", m, i, i / 40) for m in ("reward", "pass@1") for i in range(1, 41)]
            found += [cell.fact("pretraining", "loss", i, 40 / i) for i in range(1, 41)]
    return found


def usual(name: str, phase: str, metric: str) -> float:
    """Numbers that differ from each other: A goes from 24 to 96 at its edge, below and beyond it to 36 and 48; B stays at 2."""
    if name.startswith("B"):
        return 0.02
    if metric == "pass@1":
        return {"before": 0.12, "floor": 0.0}.get(phase, {"A at": 0.84, "coin": 0.0125}.get(name, 0.2))
    return 0.24 if phase == "before" else {"A below": 0.36, "A at": 0.96, "A beyond": 0.48}.get(name, 0.1)


# Broken if the three sentences said other numbers than the facts and the kept findings, or took one seed for a proof.
def test_the_three_sentences_hold_the_numbers() -> None:
    kept = kept_findings("grid")
    first, second, third = grid.ending(grid_facts(usual), kept)
    assert re.findall(r"\d+", first) == ["128", "24", "96", "100", "36", "48"]
    assert "one seed" in first
    assert re.findall(r"[\d.]+\d", second) == ["2.0", "2.0", "12", "1.2", "100"]
    whole = kept["1 gain at the edge"]
    assert f"{whole.seeds} seeds" in third
    for name, _ in grid.FOUND:
        assert f"{kept[name].difference:z.0f} [{kept[name].low:z.0f}, {kept[name].high:z.0f}]" in third
    assert "8 seeds" in grid.ending(grid_facts(usual, 8), kept)[0]
    assert grid.UNKNOWN in grid.ending([], {})[0]
    assert "No run" in grid.ending([], {})[2]
    assert kept_findings("tiny") == {}


# Broken if a question called another choice right than the facts do: by hand, with ties, and where nothing was measured.
def test_answers_by_hand() -> None:
    facts = grid_facts(usual)
    assert [set(act.question.right(facts)) for act in GRID.acts] == [{2}, {2}, {1}, {1}, {2}, {2}]  # type: ignore[union-attr]
    for value, right in ((0.94, {1, 2}), (0.9, {1}), (1.0, {1, 2})):
        assert (
            set(grid.regions_right(grid_facts(lambda n, p, m, v=value: v if (n, p) == ("A beyond", "after") else usual(n, p, m)))) == right
        )  # type: ignore[misc]
    assert set(grid.regions_right(grid_facts(lambda *_: 0.5))) == {3}
    for gain, right in ((0.5, {0}), (0.02, {1}), (-0.06, {2})):
        with_coin = grid_facts(lambda n, p, m, g=gain: 0.12 + g if (n, p) == ("coin", "after") else usual(n, p, m))  # type: ignore[misc]
        assert set(grid.coin_right(with_coin)) == right
    for gained, right in ((0.7, {0}), (0.3, {1}), (0.0, {2})):
        with_b = grid_facts(lambda n, p, m, g=gained: 0.02 + g if (n, p) == ("B at", "after") else usual(n, p, m))  # type: ignore[misc]
        assert set(grid.without_right(with_b)) == right
    assert all(not act.question.right([]) for act in GRID.acts[1:])  # type: ignore[union-attr]
    assert "do not tell" in text_of(verdict(grid.PRACTICE, words_of(SETTING), [], 1))


# --- charts and pages


# Broken if a chart put a value in another place than its axis says, hid a line below another, or left out an axis, a unit or a name.
def test_a_chart_by_hand() -> None:
    plot = Plot("Title", "steps", "solved, of 100", ())
    rise, flat, same = (Line(name, points, (points,)) for name, points in (
        ("rise", tuple((float(n), 100.0 * (n - 1) / 10) for n in range(1, 12))),
        ("flat", tuple((float(n), 50.0) for n in range(1, 12))),
        ("same", tuple((float(n), 50.0) for n in range(1, 12))),
    ))  # fmt: skip
    drawn = text_of(Chart(plot, (rise, flat, same), {"at": (3.0, 9.0)}), 60).splitlines()
    assert drawn[:2] == ["Title", "solved, of 100"]
    rows = {row.split("┤")[0].strip(): row.split("┤")[1] for row in drawn if "┤" in row and "├" not in row}
    assert [int(label) for label in rows] == sorted(map(int, rows), reverse=True)
    assert rows["0"].startswith("○")  # 1 step, 0
    assert {"●", "▲"} <= set(rows["50"])  # equal lines: their markers alternate
    assert rows["50"].index("●") < rows["50"].index("▲")
    assert drawn[-1] == "○ rise   ● flat   ▲ same"
    assert drawn[-2].strip() == "steps"
    (band,) = [row for row in drawn if "├" in row]
    assert (band.index("├"), len(band)) == (pytest.approx(5 + 0.2 * 54, abs=1), pytest.approx(5 + 0.8 * 54, abs=2))
    assert "nothing to draw" in text_of(Chart(plot, (Line("none", (), ()),)))


# Broken if a mean were of some seeds only, a curve under way were lost, or a band were that of one seed.
def test_lines_by_hand() -> None:
    one, two = (Cell((("of", "all"),), seed, ()) for seed in (0, 1))
    facts = [one.fact("after", "m", n, v) for n, v in ((1, 0.2), (2, 0.4))] + [
        two.fact("after", "m", n, v) for n, v in ((2, 0.6), (3, 1.0))
    ]
    facts += [one.fact("learning under way", "m", 5, 0.5), one.fact("edge", "band at", 2, 1.0), two.fact("edge", "band at", 4, 1.0)]
    series = tuple(Series(phase, {"of": "all"}, phase, "m") for phase in ("after", "learning", "never"))
    plot = Plot("", "", "", series, (Series("at", {}, "edge", "band at"), Series("below", {}, "edge", "band below")))
    after, learning, never = lines(plot, facts)
    assert after.mean == ((2, pytest.approx(50)),)
    assert len(after.seeds) == 2
    assert learning.mean == ((5, 50.0),)
    assert never == Line("never", (), ())
    assert stretches(plot, facts) == {"at": (2, 4)}


def every_page(facts: Facts) -> Iterator[RenderableType]:
    """All pages of the grid's demo, with tries that are right and wrong."""
    assert GRID
    words, setting = words_of(SETTING), SETTING
    for act in GRID.acts:
        written = act.written(setting) if act.written else None
        tries = [Tries(side.title, replace(spoiled(2 * i), title=side.title), 1, 3, 64) for i, side in enumerate(act.sides)]
        yield from opening(act, words, written, tries if act.opening else ())
        yield question(act, words)
        yield from result(act, words, facts, 0, written, tries)
        yield from (chart(plot, facts) for plot in (act.growing, GRID.picture) if plot)
        yield from map(told, tries)


# Broken if a line ran out of a narrow terminal or a beamer, or a screen had more rows than there are.
@pytest.mark.parametrize(("width", "height"), [(60, 20), (80, 24), (120, 40)])
@pytest.mark.parametrize("seeds", [1, 3])
def test_screens_fit(width: int, height: int, seeds: int) -> None:
    console, facts = Terminal(file=io.StringIO(), width=width), grid_facts(usual, seeds)
    long = screens(Text("\n".join(map(str, range(50)))), console, width, height)
    assert [int(str(row[0].text)) for screen in long for row in screen.rows] == list(range(50))
    assert [len(screen.rows) for screen in long] == [min(height, 50 - start) for start in range(0, 50, height)]
    for page in every_page(facts):
        every = screens(page, console, width, height)
        assert every
        assert all(len(screen.rows) <= height for screen in every)
        assert all(sum(segment.cell_length for segment in row) <= width for screen in every for row in screen.rows)
        if isinstance(page, Chart):
            assert len(every) == 1
    assert max(len(screens(page, console, width, height)) for page in every_page(facts)) <= (3 if width == 60 else 2)


# Broken if the picture left out a line, a seed or a sentence, or needed a network.
def test_the_picture(tmp_path: Path) -> None:
    assert GRID
    facts = grid_facts(usual, 2)
    said = grid.ending(facts, kept_findings("grid"))
    html, svg = save(GRID.picture, facts, said, tmp_path)
    drawn = svg.read_text(encoding="utf-8")
    for series in GRID.picture.series:
        assert series.name in drawn
    assert not re.search(r"""(src|href)=["']https?://""", html.read_text(encoding="utf-8"))
    spec = picture(GRID.picture, facts, said).to_dict()
    assert " ".join(spec["title"]["subtitle"]) == " ".join(said)
    rows = [row for values in spec["datasets"].values() for row in values]
    before = [row["y"] for row in rows if row.get("line") == "A before" and row["x"] == 5 and "seed" not in row]
    assert before[:1] == [pytest.approx(24)]
    assert len([row for row in rows if row.get("line") == "A before" and row["x"] == 5 and "seed" in row]) == 2
