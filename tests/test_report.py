"""The report: what it says of a small study that was really run, and of hand-made traces, costs and origins."""

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise, product
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from altair.typing import ChartType
from markupsafe import Markup, escape

from analysis.claims.claims import At, Claim, More, Same, gain
from analysis.claims.multiverse import multiverse
from analysis.cli.options import parsed
from analysis.cli.verbs import Run
from analysis.design.recipes import Tasks
from analysis.design.registration import Difference, Registration, register
from analysis.design.results import Results, collect
from analysis.design.scale import SMOKE
from analysis.design.study import Card, Figure, Published, Setting, Study
from analysis.figures.conditions import lines, merged, name, varying
from analysis.figures.curves import Curves, OriginShares, PassCurves, pool
from analysis.figures.learning import LearningCurves
from analysis.figures.maps import EdgeMap, GainMap, bases
from analysis.figures.svg import script, specification, still
from analysis.measures.edge import Edge, Rule
from analysis.measures.estimates import Origins, origins
from analysis.measures.exact import AtEdge, Exact, Regions, Roles, Updates
from analysis.measures.facts import Cell, Fact, outcomes
from analysis.measures.noted import Noted
from analysis.measures.sampled import Sampled
from analysis.report.dag import HEIGHT, arrows, caption, draw_stages, places
from analysis.report.findings import answer, statements
from analysis.report.forest import forest
from analysis.report.html import document, figure, section, table, tag
from analysis.report.overview import write_overview
from analysis.report.page import SCRIPT, report, scientific, size, write_report
from analysis.report.provenance import command, costs, stages, total
from analysis.report.registered import registration as shown_registration
from analysis.report.titles import titles
from analysis.report.traces import Exhibit, Mark, exhibits, marks, show
from analysis.studies.grid import STUDY as GRID
from analysis.studies.grid import guessed, region_of
from models import GPTConfig
from synthtasks.corpora import Corpus, Recipe
from synthtasks.families import Circuit, Compose, Dag, Family, Hops, Program, Tree, Uses, named
from synthtasks.primitives import ADD, MUL, SUB
from synthtasks.problem import Problem, Step
from synthtasks.surfaces import Code, Compact, Equations, Surface
from synthtasks.trace import Trace
from tests.tiny import TINY
from train.learn import Learn
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.optim import Optim
from train.policy import Fresh
from train.rl import Sampler
from train.rl.problems import Band
from train.rl.rewards import Correct, Process, Reward
from train.sample import Sample
from train.score import Score
from train.stages.stage import closure
from train.stages.store import Store

FAMILY = Program(1, 4, (ADD, MUL), (ADD, MUL), Uses(("mul",), 1), modulus=2)
VOCAB = Compact().vocab(4, (ADD, MUL), 2)
CONFIG = GPTConfig(len(VOCAB), width=16, layers=1, heads=2, kv_heads=2, context=64)
EVERYTHING = Rule(mastered=2.0, hard=2.0, reach=0.0, room=1.0, hopeless=-1.0)  # lies at the edge: nothing below, nothing beyond
REWARDS: dict[str, Reward] = {"outcome": Correct(), "process": Process()}


def cells(setting: Setting, seed: int) -> Iterator[Cell]:
    """A base that has seen problems of one and two steps, practised a little."""
    seen = Corpus(tuple(Recipe(1.0, replace(FAMILY, steps=n)) for n in (1, 2)))
    base = Learn(Fresh(CONFIG, VOCAB, seed), ((1.0, Imitate(seen, tokens=300, seed=seed)),), 120, Optim(2e-2))
    before = Score(base, tuple(replace(FAMILY, steps=n) for n in (1, 2, 3)), problems=8, seed=seed)
    edge = Edge(before, EVERYTHING)
    for region, reward in product(("at", "beyond"), REWARDS):
        practice = Practice(Band(FAMILY, edge, region), REWARDS[reward], sampler=Sampler(8), problems=4, seed=seed)  # type: ignore[arg-type]
        learned = Learn(base, ((1.0, practice),), 3)
        asked, answered = (Sample(p, Band(FAMILY, edge, "at", "test"), 3, Sampler(16), seed) for p in (base, learned))
        stages = {"edge": edge, "before": before, "after": replace(before, policy=learned), "base": base, "learn": learned}
        labels = {"primitive": "present", "region": region, "reward": reward}
        yield Cell.of(labels, seed, **stages, sampled_before=asked, sampled_after=answered)


AT, BEYOND = {"region": "at"}, {"region": "beyond"}
FIGURES = (
    Figure("Edges", EdgeMap({"the base": {}}), "How far it goes."),
    Figure("Gains", GainMap(), "What changed."),
    Figure("pass@k", PassCurves("primitive", "region"), "Samples."),
    Figure("Learning curves", LearningCurves("region", "primitive"), "As it went."),
    Figure("Created or elicited", OriginShares(), "Where they come from."),
    Figure("Pretraining", LearningCurves("", "primitive", {"loss": "loss, nats a word"}, "pretraining"), "The base."),
)
STUDY = Study(
    name="little",
    question="Does <practice> help & how?",
    source="arXiv:2512.07783",
    axes={"primitive": ("present",), "region": ("at", "beyond"), "reward": tuple(REWARDS)},
    cells=cells,
    measures=(
        *(Regions(), Exact("before", "before"), Exact(), Roles(guessed), AtEdge(guessed), Updates(region_of)),
        *(Sampled("sampled_before", "before"), Sampled(), Noted(), Noted("base", ("loss",), "pretraining")),
    ),
    claims=(
        Claim("1 a gain", "RL raises it.", gain(AT), More(10)),
        Claim("2 no gain elsewhere", "... and nothing else.", gain(AT, At("below")), Same(5)),
        Claim("3 far away", "It stays <where> it was.", gain(BEYOND), Same(5)),
        Claim("4 pass@1", "Claim 1 on pass@1.", gain(AT, metric="pass@1"), unit="pass@1, points of 100"),
    ),
    figures=FIGURES,
    options=Tasks(),
)


def results_of(store: Store, seeds: tuple[int, ...]) -> Results:
    setting = Setting(replace(TINY, group=8), seeds, Tasks())
    every = tuple(STUDY.every(setting))
    for stage in (s for c in every for s in c.stages):
        store.get(stage)
    return collect(STUDY, setting, every, store)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def results(store: Store) -> Results:
    """Two seeds of the little study."""
    return results_of(store, (0, 1))


@pytest.fixture(scope="module")
def registration(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Registration:
    return register(tmp_path_factory.mktemp("registered"), STUDY, results.cells, 0)


@pytest.fixture(scope="module")
def page(results: Results, registration: Registration) -> str:
    return report(results, registration)


class Reader(HTMLParser):
    """Reads a page; fails where elements do not nest. Keeps its text, its rows of cells, and its identifiers."""

    def __init__(self, page: str):
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.rows: list[list[str]] = []
        self.identifiers: list[str] = []
        self.cell = False
        self.feed(str(page))  # pieces of Markup would escape what is added to them
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.identifiers += [value or "" for name, value in attrs if name == "id"]
        if tag == "tr":
            self.rows.append([])
        elif tag == "td" or ("scope", "row") in attrs:
            self.rows[-1].append("")
            self.cell = True
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.cell = self.cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.open[-1:] in (["script"], ["style"]):
            return
        self.text += data
        if self.cell:
            self.rows[-1][-1] += data


def unscripted(page: str) -> str:
    return re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


# Broken if an element were left open or an identifier used twice (then a figure is drawn with parts of another one).
def test_the_page_is_well_formed(page: str) -> None:
    page = unscripted(page)
    read = Reader(page)
    assert len(read.identifiers) == len(set(read.identifiers)) > 30
    used = set(map(unescape, re.findall(r'(?:url\(|href=")#([^)"]+)', page)))
    assert used
    assert used <= set(read.identifiers)


# Broken if the page needed the network, or ran anything but its own script.
def test_the_page_stands_alone(page: str) -> None:
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL)
    assert [inside for kind, inside in scripts if not kind] == [script(), SCRIPT]  # that of charts once, and that of the page
    assert {kind for kind, _ in scripts} == {"", ' type="application/json"', ' type="application/json" id="traces-data"'}
    assert not re.search(r"https?:|//www|\bsrc=|@import|<link|<image|<img", unscripted(page))
    assert not re.search(r"\beval\b|\bfetch\b|XMLHttp|\bimport\(|https?:", SCRIPT)
    assert not any("http" in inside for kind, inside in scripts if kind)
    assert set(re.findall(r'href="(#|data:|\.\./stages/|[^"]+")', unscripted(page))) == {"#", "data:", "../stages/", 'cells.jsonl"'}


# Broken if a claim, its verdict or its numbers were lost on the way to the page, or stood in another's row.
def test_every_claim_is_on_the_page_with_its_numbers(page: str, results: Results) -> None:
    rows = {row[0]: row for row in reversed(Reader(page).rows) if row}  # the table of verdicts comes before the others
    for j in results.findings:
        row = rows[j.name]
        assert row[1] == j.statement
        assert (row[2] == j.verdict) == (j.verdict != "reported")
        assert row[-2:] == [str(j.n), str(j.dropped)]
        if j.difference is not None:
            assert (f"{j.difference:+.1f}".replace("-", "−") if abs(j.difference) >= 0.05 else "0.0") in row
    assert rows["1 a gain"][5] == "more than 10"
    assert rows["3 far away"][2:] == ["undetermined", "–", "–", "within 5", "1.00", "0", "2"]


# Broken if a name with a sign in it became markup.
def test_what_others_wrote_is_escaped(page: str) -> None:
    assert "Does <practice> help & how?" in Reader(page).text
    assert "<practice>" not in page
    assert tag("td", "a<b", tag("i", "&")) == "<td>a&lt;b<i>&amp;</i></td>"
    assert '<th scope="col">x&lt;y</th>' in table(("n", "x<y"), [])


HOSTILE, ESCAPED = """<i a="b">'&amp;'</i>""", "&lt;i a=&#34;b&#34;&gt;&#39;&amp;amp;&#39;&lt;/i&gt;"


# Broken if a helper let a value through as markup, or escaped a second time what is HTML already.
@pytest.mark.parametrize(
    ("helper", "times"),
    [
        (lambda value: tag("p", value, value), 2),
        (lambda value: tag("p", kind=value, head=value), 2),
        (lambda value: table((value,), [(value,)], caption=value, at=(value,)), 7),  # a cell names its column; a row has a link
        (lambda value: figure("<svg></svg>", value), 1),
        (lambda value: section(value, value, at=value), 5),  # with the link to it
        (lambda value: document(value, value), 2),
    ],
    ids=("elements", "attributes", "tables", "figures", "sections", "documents"),
)
def test_every_helper_escapes_once(helper: Callable[[str], Markup], times: int) -> None:
    made = helper(HOSTILE)
    assert made.count(ESCAPED) == times
    assert "<i" not in made
    assert document("", section("", made, tag("p", made)), table(("n",), [(made,)], caption=made), figure(made, made)).count(made) == 6


# Broken if equal results gave different bytes: a report could not be compared with another.
def test_two_reports_are_equal_bytes(results: Results, registration: Registration, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    one, two = (write_report(results, registration, out) for out in (tmp_path, tmp_path / "again"))
    assert one == tmp_path / "report.html"
    assert one.read_bytes() == two.read_bytes()
    assert {f.name for f in tmp_path.iterdir()} == {"report.html", "again"}


# Broken if a margin could be moved after the run without the report showing the old one and the new one, or hid which look it is.
def test_the_report_shows_what_was_registered(results: Results, registration: Registration, page: str) -> None:
    assert f"registered {registration.at}" in Reader(page).text
    assert "exploratory: 2 seeds, and looks are planned at 5, 9, 16" in Reader(page).text
    first = STUDY.claims[0]
    moved = replace(STUDY, claims=(replace(first, test=More(77)), *STUDY.claims[1:]))
    rows = Reader(report(replace(results, study=moved), registration)).rows
    assert [f"claims: {first.name}: test: margin", f"{first.test.margin:g}", "77"] in rows  # type: ignore[union-attr]
    assert not any(row and row[-1] == "77" for row in Reader(page).rows)


# Broken if another choice were judged under the name of the registered one, or the table lost a claim.
def test_the_report_shows_other_choices(results: Results, page: str) -> None:
    universes = [mine for mine in multiverse(STUDY.claims, results.outcomes).values() if mine]
    rows = [row for row in Reader(page).rows if len(row) == 1 + len(universes)]
    tested = [f for f in results.findings if f.test is not None]
    assert [row[0] for row in rows if row[0] != "claim"] == [f.name for f in tested]
    signs = {"shown": "▲", "refuted": "▼", "undetermined": "·"}
    for row, f in zip([r for r in rows if r[0] != "claim"], tested, strict=True):
        assert row[1] == ("" if f.difference is None else f"{signs[f.verdict]} {f.difference:+.1f}".replace("-", "−"))


# Broken if a cell without an answer vanished silently.
def test_undefined_cells_are_named_with_the_reason(page: str, results: Results) -> None:
    gone = [o for o in results.outcomes if o.undefined]
    assert len(gone) == 4
    rows = [row for row in Reader(page).rows if row and row[-1] == gone[0].undefined]
    assert rows == [[f"beyond · {reward}", "0, 1", gone[0].undefined] for reward in ("outcome", "process")]


# Broken if a single seed broke the page, or were given an interval.
def test_one_seed_has_no_interval(store: Store, registration: Registration) -> None:
    read = Reader(report(results_of(store, (0,)), registration))
    row = next(row for row in read.rows if row and row[0] == "1 a gain")
    assert row[2] == "undetermined"
    assert row[4] == "one seed: no interval"
    assert "fewer than two seeds" in read.text


# Broken if cells that were not asked for, or in which nothing is defined, broke the page.
def test_a_part_of_the_study_is_reported(results: Results, registration: Registration, store: Store) -> None:
    far = tuple(c for c in results.cells if BEYOND.items() <= dict(c.labels).items())
    part = collect(STUDY, results.setting, far, store)
    read = Reader(report(part, registration))
    assert "Nothing to draw" in read.text
    assert "3 far away" in read.text
    assert "1 a gain" not in read.text
    assert "--only region=beyond " in command(part)


def drawn(chart: ChartType | None) -> str:
    assert chart is not None
    svg = still(specification(chart), "f")
    assert svg.startswith("<svg")
    assert svg.rstrip().endswith("</svg>")
    return svg


# Broken if a figure drew nothing, or left a text out.
def test_figures_draw_what_there_is(results: Results) -> None:
    svg = {f.title: drawn(f.draw(results.facts)) for f in STUDY.figures if f.title != "Created or elicited"}
    assert "undefined in every seed" in svg["Gains"]
    assert "at · process" in svg["Gains"]
    assert "present" not in svg["Gains"]  # all conditions share it
    claims = drawn(forest(results.findings))
    assert "2 no gain elsewhere" in claims
    assert "4 pass@1" not in claims  # has no test
    assert all(f.draw(()) is None for f in STUDY.figures)


def told(labels: dict[str, str], seed: int, phase: str, metric: str, values: dict[float, float], n: int = 0) -> list[Fact]:
    return [Fact(tuple(labels.items()), seed, phase, at, metric, value, n) for at, value in values.items()]


# Broken if a figure wanted a label of one study: facts of any axes are drawn, by curves and by maps.
def test_a_new_study_draws_in_one_value() -> None:
    arms = ({"depth": d, "data": w} for d in ("2", "4") for w in ("few", "many"))
    facts = [
        f for arm in arms for s in range(3) for phase in ("before", "after") for f in told(arm, s, phase, "accuracy", {1: 0.1 * s, 2: 0.5})
    ]
    facts += [f for s in range(3) for f in told({"depth": "2", "data": "few"}, s, "learning", "accuracy", {1: 0.2})]
    svg = drawn(Curves({"accuracy": "share right"}, "depth", "data", ("after", "before"))(facts))
    assert all(f">{text}</text>" in svg for text in ("depth 2", "depth 4", "data few · after", "data many · before", "share right"))
    assert ">2 · few</text>" in drawn(GainMap("accuracy")(facts))
    assert drawn(Curves({"accuracy": "share right"}, phases=("learning",))(facts))
    assert Curves({"nothing": ""})(facts) is None


# Broken if a name lost what tells conditions apart, or said what all share, or nothing.
def test_conditions_are_called_by_what_differs() -> None:
    every = [{"control": "none", "arm": "a", "reward": "x"}, {"control": "coin", "arm": "a", "reward": "coin"}]
    assert [name(labels, varying(every)) for labels in every] == ["x", "coin"]
    assert name(every[0], varying(every[:1])) == "a · x"  # of a single one all is said


# Broken if a seed were averaged with another's places, a run under way counted as whole, or equal stages drawn once for each cell.
def test_lines_by_hand() -> None:
    one = {"arm": "a", "reward": "x"}
    facts = (
        told(one, 0, "after", "m", {1: 0.2, 2: 0.4}) + told(one, 1, "after", "m", {1: 0.4}) + told(one, 2, "after under way", "m", {1: 1.0})
    )
    facts += told({**one, "reward": "y"}, 0, "after", "m", {1: 0.2, 2: 0.4})
    found = lines(outcomes(facts), "after", "m")
    assert [line.labels["reward"] for line in found] == ["x", "y"]
    assert found[0].x.tolist() == [1, 2]
    assert found[0].mean.tolist() == pytest.approx([0.3, 0.4])
    low, high = found[0].bounds()
    assert (low[0], high[0]) == pytest.approx((0.3 - 12.7062 * 0.1, 0.3 + 12.7062 * 0.1), rel=1e-4)  # t with one degree of freedom
    assert math.isnan(low[1])
    assert found[0].underway == {2: {1: 1.0}}
    (both,) = merged(found, ["arm"])
    assert both.labels == {"arm": "a"}
    assert set(both.whole) == {0, 1}


# Broken if the edge map counted a base twice in a seed, or left out one whose RL is undefined.
def test_bases_are_one_a_seed(results: Results) -> None:
    assert [o.seed for o in bases(results.facts, {})] == [0, 1]
    assert [o.seed for o in bases(results.facts, BEYOND)] == [0, 1]
    assert bases(results.facts, {"region": "nowhere"}) == ()


# Broken if seeds counted alike however many problems each newly solved: .5 of 30 and 1 of 10 are 25 of 40.
def test_pooled_origins_by_hand() -> None:
    shares = {0: ((0.5, 0.5, 0.0), 30), 1: ((1.0, 0.0, 0.0), 10), 2: ((math.nan,) * 3, 0)}
    facts = [
        f
        for seed, (each, solved) in shares.items()
        for what, share in zip(("elicited", "undetermined", "created"), each, strict=True)
        for f in told({"arm": "a"}, seed, "after", what, {1: share}, solved)
    ]
    facts += [f for seed in shares for f in told({"arm": "a"}, seed, "before", "at the edge", {1: 0.1}, 100)]
    pooled = pool(outcomes(facts))
    assert (pooled.solved, pooled.problems) == (40, 300)
    assert pooled.shares[1] == pytest.approx((0.625, 0.375, 0.0))


# Broken if the bounds of "created" and "elicited" were moved, or problems counted that the base solved already.
def test_origins_by_hand() -> None:
    before, after = np.log([0.004, 0.02, 0.06, 0.2, 0.6, 0.01]), np.log([0.9, 0.5, 0.7, 0.99, 0.9, 0.4])
    # newly solved: the first four. At K = 10: created below .005 (.004), elicited from .1 (.2), between .02 and .06
    assert origins(before, after, 10) == Origins(0.25, 0.25, 0.5, 4)
    # at K = 1: created below .05 (.004, .02), elicited from 1 (none)
    assert origins(before, after, 1) == Origins(0.5, 0.0, 0.5, 4)
    # at K = 50, elicited from .02; at K = 1000 from .001, whence all are
    assert origins(before, after, 51) == Origins(0.0, 0.75, 0.25, 4)
    assert origins(before, after, 1_000) == Origins(0.0, 1.0, 0.0, 4)
    nothing = origins(before[4:], after[4:], 10)
    assert nothing.solved == 0
    assert math.isnan(nothing.created)


PROBLEM = Problem((Step("A", ADD, (2, 3)), Step("B", MUL, ("A", 4)), Step("C", SUB, ("B", 1)), Step("D", ADD, ("C", 1))), "C", 10)


def said(words: str) -> Trace:
    return Compact().read(tuple(words.split()))


# Broken if a tick stood at a wrong step, or what was expected were not what the program says.
def test_marks_by_hand() -> None:
    # A = 5, B = 5 * 4 = 0, C = 0 - 1 = 9 (modulo 10); D is not asked for
    trace = said("A + 3 5 B * 4 1 C - 1 9 answer 9 <end>")
    assert marks(PROBLEM, trace) == (
        Mark("A + 3 gives 5", True),
        Mark("B * 4 gives 1", False, "expected B * 4 gives 0"),
        Mark("C - 1 gives 9", False, "right in itself, but does not follow a right B"),
        Mark("answer 9", True),
    )
    trace = said("B * 4 0 A - 3 5 D + 1 0 E + 1 1 list answer 2 <end>")
    assert marks(PROBLEM, trace) == (
        Mark("B * 4 gives 0", False, "right in itself, but does not follow a right A"),
        Mark("A - 3 gives 5", False, "expected A + 3 gives 5"),
        Mark("D + 1 gives 0", False, "outside the steps that the answer needs"),
        Mark("E + 1 gives 1", False, "the problem has no such step"),
        Mark("(not said)", False, "expected C - 1 gives 9"),
        Mark("answer 2", False, "expected 9"),
        Mark("list", False, "could not be read"),
    )
    assert marks(PROBLEM, said(""))[-1] == Mark("no answer", False, "expected 9")
    assert all(m.right and not m.remark for m in marks(PROBLEM, Compact().read(Compact().solution(PROBLEM))))


# Broken if marks took every problem for a program, or some completion had none: whatever is read is shown.
@pytest.mark.parametrize(
    ("family", "surface"),
    [
        *((family, surface) for family in (Dag(), Tree(), Hops(), Circuit(), Program(2, 4)) for surface in (Equations(), Code())),
        (Compose(), Equations()),
        (Program(2, 4), Compact()),
    ],
    ids=lambda one: type(one).__name__,
)
def test_marks_are_total(family: Family, surface: Surface) -> None:
    problem = next(iter(named(family, "test", [0], "marks")))
    right = surface.solution(problem)
    assert all(mark.right for mark in marks(problem, surface.read(right)))
    for words in (right, right[:-3], right[3:], right[::-1], surface.prompt(problem), (*right[:2], *right), ("answer",) * 3, ()):
        trace = surface.read(tuple(words))
        found = marks(problem, trace)
        html = str(show(Exhibit((), 0, "asked", surface, problem, trace, solved=False)))
        assert html.count("<li") == len(found)
        assert isinstance(surface, Compact) or re.sub("<[^>]+>", "", html).startswith(str(escape(" ".join(surface.prompt(problem)))))


# Broken if the trace called solved were not one, or its marks on the page were another trace's.
def test_exhibits_are_what_they_are_called(results: Results, page: str) -> None:
    solved, failed = exhibits(results)
    assert failed is not None
    assert solved is not None
    assert all(m.right for m in marks(solved.problem, solved.trace))
    assert not all(m.right for m in marks(failed.problem, failed.trace))
    ticks = "".join("✓" if m.right else "✗" for e in (solved, failed) for m in marks(e.problem, e.trace))
    assert "".join(re.findall("[✓✗]", unscripted(page))) == ticks
    assert page.count('class="line inside"') == len(solved.problem.proof) + len(failed.problem.proof)


# Broken if a claim that goes on from the one before lost its beginning.
def test_statements_are_whole() -> None:
    assert statements(STUDY.claims)["2 no gain elsewhere"] == "RL raises it, and nothing else"
    assert statements(STUDY.claims)["3 far away"] == "it stays <where> it was"
    assert statements(GRID.claims)["1 gain at the edge"] == "with the primitive, RL at the edge raises pass@128 there"


# Broken if the answer put a claim under another verdict.
def test_the_answer_follows_the_verdicts(results: Results) -> None:
    one, two, three, four = results.findings
    found = (replace(one, verdict="shown", difference=34.56), replace(two, verdict="refuted", difference=-7.0), three, four)
    text = re.sub("<[^>]+>", "", answer(replace(results, findings=found)))
    assert text.startswith("3 claims were tested.")
    assert "Shown: RL raises it (+34.6 points). Refuted: RL raises it, and nothing else (−7.0 points). Undetermined" in text
    assert "it stays &lt;where&gt; it was (not defined in any seed)" in text


# Broken if the reports of two settings could not be told apart.
def test_a_report_says_in_what_its_setting_differs(results: Results, page: str) -> None:
    assert f"; withhold: mul; family: program; surface: its own. {size(results)}.</p>" in page
    smoke, tried = (replace(results.setting, scale=scale) for scale in (SMOKE, replace(SMOKE, rl_iterations=4, rl_lr=2e-3)))
    assert size(replace(results, setting=smoke)) == "Scale smoke"
    assert size(replace(results, setting=tried)) == "Scale smoke, but for rl iterations 4, rl lr 0.002"


# Broken if the command of the report ran another study.
@pytest.mark.parametrize(
    ("seeds", "only"),
    [
        ((0, 1), {}),
        ((3, 4, 5), {"primitive": "absent", "region": "at"}),
        ((0,), {"reward": "process", "control": "none"}),
        ((0,), {"control": "coin"}),
    ],
)
def test_the_command_runs_the_same_again(seeds: tuple[int, ...], only: dict[str, str], store: Store) -> None:
    setting = Setting(replace(TINY, seeds=len(seeds)), seeds, Tasks(("mul", "sub")))
    mine = tuple(c for c in GRID.every(setting) if only.items() <= dict(c.labels).items())
    words = command(Results(GRID, setting, mine, (), (), store)).split()
    assert words[:4] == ["python", "-m", "analysis", "run"]
    asked = parsed(Run, words[4:]).request()
    assert (asked.study, asked.setting, asked.only) == (GRID, setting, only)
    assert asked.cells() == mine


# Broken if a cost were counted twice or left out.
def test_costs_are_the_sums_of_the_ledgers(results: Results, store: Store) -> None:
    ledgers = [json.loads(f.read_text()) for f in store.root.glob("*/ledger.json")]
    whole = total("total", costs(results))
    assert whole.stages == len(stages(results)) == len(list(store.root.glob("*/run.json")))
    for what in ("sampled", "forwarded", "trained", "flops", "updates"):
        assert getattr(whole.ledger, what) == sum(ledger[what] for ledger in ledgers) > 0
    assert {c.kind: c.ledger.iterations for c in costs(results)}["pretrain"] == 2 * 120
    assert scientific(1_234_567) == "1.23 × 10<sup>6</sup>"
    assert scientific(99_999) == "99,999"


# Broken if a stretch of a learning curve were placed or averaged wrongly, or if updates of one iteration counted as several.
def test_learning_curves_by_hand(results: Results, tmp_path: Path) -> None:
    notes = [{"iteration": 0, "reward": 1.0}, {"iteration": 0, "reward": 2.0}, {"iteration": 1, "reward": 4.0, "loss": 1.0}]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(n) + "\n" for n in notes))
    with open(tmp_path / "metrics.jsonl", "a") as file:
        file.write('{"iteration": 2, "rew')  # is being written
    noted, cell = Noted("learn", ("reward", "loss", "signal")), results.cells[0]
    found = [(f.metric, f.at, f.value) for f in noted.read(cell, tmp_path / "metrics.jsonl", "learning")]
    assert found == [("reward", 1, 1.5), ("reward", 2, 4.0), ("loss", 2, 1.0)]
    (tmp_path / "metrics.jsonl").write_text("".join(f'{{"iteration": {i}, "reward": {i}.0}}\n' for i in range(80)))
    found = [(f.metric, f.at, f.value) for f in noted.read(cell, tmp_path / "metrics.jsonl", "learning")]
    assert found == [("reward", 2 * n, 2 * n - 1.5) for n in range(1, 41)]  # stretches of two iterations


# Broken if a stage were drawn twice or left out, an arrow pointed the wrong way, or boxes lay on each other.
def test_the_graph_of_stages() -> None:
    cells = tuple(GRID.every(Setting(TINY, (0, 1), Tasks())))
    mine = closure([s for c in cells if c.seed == 0 for s in c.stages])
    svg = draw_stages(cells, 0, lambda s: "failed" if s == mine[1] else "there")
    boxes = re.findall(r'<title>([\w-]+): (\w+)</title><rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"', svg)
    assert sorted(name for name, *_ in boxes) == sorted(map(str, mine))
    assert [name for name, status, *_ in boxes if status == "failed"] == [str(mine[1])]
    assert svg.count("✗ ") == 1
    graph, at = arrows(mine), places(arrows(mine), mine)
    assert svg.count('<path d="M') - 1 == graph.number_of_edges()  # one is the arrow's head
    for a, b in graph.edges:
        assert a in set(b.upstream)
        assert at[a].column < at[b].column
    for stage in mine:  # what is left out follows
        assert set(closure([stage])) == {stage} | nx.ancestors(graph, stage)
    lefts: dict[str, list[float]] = {}
    for _, _, x, y, _ in boxes:
        lefts.setdefault(x, []).append(float(y))
    assert all(b - a >= HEIGHT for ys in map(sorted, lefts.values()) for a, b in pairwise(ys))
    assert f"{len(mine)} distinct stages of seed 0, × 2 seeds: {2 * len(mine)} stages in all" in caption(cells, 0)


# Broken if a stage were called by a label that not all of its cells have, or by one that all cells of the study have.
def test_stages_are_named_by_what_their_cells_share(results: Results) -> None:
    called = titles(results.cells)
    first = results.cells[0]
    assert called[first["learn"]] == "practise at outcome seed 0"
    assert called[first["base"]] == "pretrain seed 0 (shared by 4 cells)"


# Broken if a figure had no name for who cannot see it, a table no heads, or a heading skipped a level.
def test_who_cannot_see_is_told(page: str) -> None:
    page = unscripted(page)
    figures = re.findall(r'<(?:div|svg)[^>]* role="img" aria-label="[^"]{10,}"', page)
    assert len(figures) >= 6
    assert page.count("<figure>") == page.count("<figcaption>") == page.count("<svg") == len(figures)
    assert page.count('aria-hidden="true"') == page.count('<div class="plot">') == len(figures) - 1  # the graph of stages is no chart
    assert page.count("<table") == page.count("<thead><tr") > 3
    levels = [int(n) for n in re.findall(r"<h(\d)>", page)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    assert '<html lang="en">' in page


# Broken if the card said another finding than the headline, hid its look, or lost the figure that it is to show.
def test_the_card_says_what_was_found(results: Results, registration: Registration) -> None:
    told = Card((Published("arXiv:1, table 2", "Up by <5> points."),), "A <seed> that falls.", "Gains")
    page = str(report(replace(results, study=replace(STUDY, card=told)), registration))
    card = page[page.index('<article class="card">') : page.index("</article>")] + "</article>"
    text = " ".join(Reader(card).text.split())
    first = results.findings[0]
    assert f"RL raises it ({first.difference:+.1f} [{first.low:+.1f}, {first.high:+.1f}])".replace("-", "−") in text
    assert first.verdict in text.casefold()
    assert "(exploratory: 2 seeds" in text
    assert "3 tested claims" in text
    assert all(said in text for said in ("Up by <5> points. (arXiv:1, table 2)", "A <seed> that falls.", "What changed."))
    assert page.count("What changed.") == 1  # the figure stands on the card, and no more below
    with pytest.raises(ValueError, match="shows one of its figures"):
        replace(STUDY, card=Card(figure="No such"))


# Broken if a study were left out, the parts of two figures were mixed up, or a link led elsewhere.
def test_the_overview_has_every_report(results: Results, registration: Registration, tmp_path: Path) -> None:
    for there in ("little", "little-group-8"):
        (tmp_path / there).mkdir()
        write_report(results, registration, tmp_path / there)
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "report.html").write_text("<h1>of a version without cards</h1>")
    page = write_overview(tmp_path).read_text(encoding="utf-8")
    read = Reader(page)
    assert re.findall(r'<h2><a href="([^"]+)">', page) == ["little/report.html", "little-group-8/report.html"]
    assert read.text.count("Does <practice> help & how?") == 4  # in the table, and over each card
    assert 'href="little/report.html#claim-1-a-gain"' in page  # a number leads into its report
    assert len(read.identifiers) == len(set(read.identifiers)) > 20
    assert set(re.findall(r'(?:url\(|href=")#([^)"]+)', page)) <= set(read.identifiers)
    assert all(f"{there}-f" in page for there in ("little", "little-group-8"))


# Broken if a row that decides nothing were shown as a change of plan, or a change of plan like such a row.
def test_a_row_added_since_the_registration_is_no_warning(results: Results, registration: Registration) -> None:
    row, margin = Difference("claims: late", "none", "{}", False), Difference("claims: 1: test: margin", "5", "2")
    soft, red = (str(shown_registration(results, registration, found)) for found in ((row,), (row, margin)))
    assert "added since: late" in soft
    assert "refuted" not in soft
    assert "Differences from the registration (1)" in red
