"""The report: what it says of a small study that was really run, and of hand-made traces, costs and origins."""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import tyro
from markupsafe import Markup

from analysis.__main__ import Run
from analysis.figures.dag import HEIGHT, arrows, caption, draw_stages, places
from analysis.figures.gallery import FIGURES, FOREST
from analysis.figures.learning import read_notes
from analysis.figures.panels import smooth
from analysis.measures.edge import Edge, Rule
from analysis.measures.estimates import Origins, origins
from analysis.report.findings import answer, statements
from analysis.report.html import document, figure, section, table, tag
from analysis.report.page import report, scientific, size, write_report
from analysis.report.provenance import command, costs, stages, total
from analysis.report.traces import Mark, exhibits, marks
from analysis.studies.claims import At, Claim, More, Same, gain
from analysis.studies.grid import STUDY as GRID
from analysis.studies.results import Results, collect
from analysis.studies.scale import SMOKE
from analysis.studies.study import Cell, Setting, Study
from models import GPTConfig
from synthtasks.corpora import Corpus, Recipe
from synthtasks.families import Program, Uses
from synthtasks.primitives import ADD, MUL, SUB
from synthtasks.problem import Problem, Step
from synthtasks.surfaces import Compact
from synthtasks.trace import Trace
from tests.tiny import TINY
from train.learn import Learn
from train.losses.imitate import Imitate
from train.losses.practice import Practice
from train.optim import Optim
from train.policy import Fresh
from train.rl import Band, Correct, Process, Reward, Sampler
from train.sample import Sample
from train.score import Score
from train.stages.stage import closure
from train.stages.store import Store

FAMILY = Program(1, 4, (ADD, MUL), (ADD, MUL), Uses(("mul",), 1), modulus=2)
VOCAB = Compact().vocab(4, (ADD, MUL), 2)
CONFIG = GPTConfig(len(VOCAB), width=16, layers=1, heads=2, kv_heads=2, context=64)
EVERYTHING = Rule(mastered=2.0, hard=2.0, reach=0.0, room=1.0, hopeless=-1.0)  # lies at the edge: nothing below, nothing beyond
REWARDS: dict[str, Reward] = {"outcome": Correct(), "process": Process()}


def cell(setting: Setting, seed: int, labels: Mapping[str, str]) -> Cell:
    """A base that has seen problems of one and two steps, practised a little."""
    seen = Corpus(tuple(Recipe(1.0, replace(FAMILY, steps=n)) for n in (1, 2)))
    base = Learn(Fresh(CONFIG, VOCAB, seed), ((1.0, Imitate(seen, tokens=300, seed=seed)),), 120, Optim(2e-2))
    before = Score(base, tuple(replace(FAMILY, steps=n) for n in (1, 2, 3)), problems=8, seed=seed)
    edge = Edge(before, EVERYTHING)
    practice = Practice(Band(FAMILY, edge, labels["region"]), REWARDS[labels["reward"]], sampler=Sampler(8), problems=4, seed=seed)
    learned = Learn(base, ((1.0, practice),), 3)
    asked = (Sample(p, Band(FAMILY, edge, "at", "test"), 3, Sampler(16), seed) for p in (base, learned))
    return Cell(tuple(labels.items()), seed, edge, before, replace(before, policy=learned), learned, labels["region"], (*asked,))


AT, BEYOND = {"region": "at"}, {"region": "beyond"}
STUDY = Study(
    name="little",
    question="Does <practice> help & how?",
    source="arXiv:2512.07783",
    axes={"primitive": ("present",), "region": ("at", "beyond"), "reward": tuple(REWARDS)},
    cell=cell,
    controls={},
    claims=(
        Claim("1 a gain", "RL raises it.", gain(AT), More(10)),
        Claim("2 no gain elsewhere", "... and nothing else.", gain(AT, At("below")), Same(5)),
        Claim("3 far away", "It stays <where> it was.", gain(BEYOND), Same(5)),
        Claim("4 pass@1", "Claim 1 on pass@1.", gain(AT, metric="pass@1"), unit="pass@1, points of 100"),
    ),
)


def results_of(store: Store, seeds: tuple[int, ...]) -> Results:
    setting = Setting(replace(TINY, group=8), ("mul",), seeds)
    cells = tuple(STUDY.cells(setting))
    for stage in (s for c in cells for s in c.stages()):
        store.get(stage)
    return collect(STUDY, setting, cells, store)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def results(store: Store) -> Results:
    """Two seeds of the little study."""
    return results_of(store, (0, 1))


@pytest.fixture(scope="module")
def page(results: Results) -> str:
    return report(results)


class Reader(HTMLParser):
    """Reads a page; fails where elements do not nest. Keeps its text, its rows of cells, and its identifiers."""

    def __init__(self, page: str):
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.rows: list[list[str]] = []
        self.identifiers: list[str] = []
        self.feed(str(page))  # pieces of Markup would escape what is added to them
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.identifiers += [value or "" for name, value in attrs if name == "id"]
        if tag == "tr":
            self.rows.append([])
        elif tag == "td":
            self.rows[-1].append("")
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if "td" in self.open:
            self.rows[-1][-1] += data


# Broken if an element were left open or an identifier used twice (then a figure is drawn with parts of another one).
def test_the_page_is_well_formed(page: str) -> None:
    read = Reader(page)
    assert len(read.identifiers) == len(set(read.identifiers)) > 100
    used = set(re.findall(r'(?:url\(|href=")#([^)"]+)', page))
    assert used
    assert used <= set(read.identifiers)


# Broken if the page needed the network, or ran anything.
def test_the_page_stands_alone(page: str) -> None:
    assert not re.search(r"https?:|//www|\bsrc=|@import|<script|<link|<image|<img", page)
    assert set(re.findall(r'href="(.)', page)) <= {"#"}


# Broken if a claim, its verdict or its numbers were lost on the way to the page, or stood in another's row.
def test_every_claim_is_on_the_page_with_its_numbers(page: str, results: Results) -> None:
    rows = {row[0]: row for row in Reader(page).rows if row}
    for j in results.judgements:
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
    assert "<th>x&lt;y</th>" in table(("n", "x<y"), [])


HOSTILE, ESCAPED = """<i a="b">'&amp;'</i>""", "&lt;i a=&#34;b&#34;&gt;&#39;&amp;amp;&#39;&lt;/i&gt;"


# Broken if a helper let a value through as markup, or escaped a second time what is HTML already.
@pytest.mark.parametrize(
    ("helper", "times"),
    [
        (lambda value: tag("p", value, value), 2),
        (lambda value: tag("p", kind=value, head=value), 2),
        (lambda value: table((value,), [(value,)], caption=value), 4),  # a cell names its column
        (lambda value: figure("<svg></svg>", value), 1),
        (lambda value: section(value, value), 2),
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
def test_two_reports_are_equal_bytes(results: Results, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    one, two = write_report(results, tmp_path), write_report(results, tmp_path / "again")
    assert one == tmp_path / "report.html"
    assert one.read_bytes() == two.read_bytes()
    assert {f.name for f in tmp_path.iterdir()} == {"report.html", "again"}


# Broken if a cell without an answer vanished silently.
def test_undefined_cells_are_named_with_the_reason(page: str, results: Results) -> None:
    gone = [r for r in results.rows if r.undefined]
    assert len(gone) == 4
    rows = [row for row in Reader(page).rows if row and row[-1] == gone[0].undefined]
    assert rows == [[f"present · beyond · {reward}", "0, 1", gone[0].undefined] for reward in ("outcome", "process")]


# Broken if a single seed broke the page, or were given an interval.
def test_one_seed_has_no_interval(store: Store) -> None:
    read = Reader(report(results_of(store, (0,))))
    row = next(row for row in read.rows if row and row[0] == "1 a gain")
    assert row[2] == "undetermined"
    assert row[4] == "one seed: no interval"
    assert "fewer than two seeds" in read.text


# Broken if cells that were not asked for, or in which nothing is defined, broke the page.
def test_a_part_of_the_study_is_reported(results: Results, store: Store) -> None:
    cells = tuple(c for c in results.cells if c.trained == "beyond")
    part = collect(STUDY, results.setting, cells, store)
    read = Reader(report(part))
    assert "Nothing to draw" in read.text
    assert "3 far away" in read.text
    assert "1 a gain" not in read.text
    assert "--only region=beyond " in command(part)


# Broken if a figure drew nothing, or left a text out.
def test_figures_draw_what_there_is(results: Results) -> None:
    svg = {d.title: d.draw(results) for d in (FOREST, *FIGURES)}
    assert all(f.startswith("<svg") and f.rstrip().endswith("</svg>") for title, f in svg.items() if title != "Created or elicited")
    assert "2 no gain elsewhere" in svg[FOREST.title]
    assert "4 pass@1" not in svg[FOREST.title]  # has no test
    assert "undefined in every seed" in svg["What RL gained, and at which difficulties"]
    assert "present · at · process" in svg["What RL gained, and at which difficulties"]


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
        Mark("D + 1 gives 0", False, "outside the lines that are to be run"),
        Mark("E + 1 gives 1", False, "the program has no such line"),
        Mark("(not said)", False, "expected C - 1 gives 9"),
        Mark("answer 2", False, "expected 9"),
        Mark("list", False, "could not be read"),
    )
    assert marks(PROBLEM, said(""))[-1] == Mark("no answer", False, "expected 9")
    assert all(m.right and not m.remark for m in marks(PROBLEM, Compact().read(Compact().solution(PROBLEM))))


# Broken if the trace called solved were not one, or its marks on the page were another trace's.
def test_exhibits_are_what_they_are_called(results: Results, page: str) -> None:
    solved, failed = exhibits(results)
    assert failed is not None
    assert solved is not None
    assert all(m.right for m in marks(solved.problem, solved.trace))
    assert not all(m.right for m in marks(failed.problem, failed.trace))
    ticks = "".join("✓" if m.right else "✗" for e in (solved, failed) for m in marks(e.problem, e.trace))
    assert "".join(re.findall("[✓✗]", page)) == ticks
    assert page.count('class="line inside"') == len(solved.problem.proof) + len(failed.problem.proof)


# Broken if a claim that goes on from the one before lost its beginning.
def test_statements_are_whole() -> None:
    assert statements(STUDY.claims)["2 no gain elsewhere"] == "RL raises it, and nothing else"
    assert statements(STUDY.claims)["3 far away"] == "it stays <where> it was"
    assert statements(GRID.claims)["1 gain at the edge"] == "with the primitive, RL at the edge raises pass@128 there"


# Broken if the answer put a claim under another verdict.
def test_the_answer_follows_the_verdicts(results: Results) -> None:
    one, two, three, four = results.judgements
    told = (replace(one, verdict="shown", difference=34.56), replace(two, verdict="refuted", difference=-7.0), three, four)
    text = re.sub("<[^>]+>", "", answer(replace(results, judgements=told)))
    assert text.startswith("3 claims were tested.")
    assert "Shown: RL raises it (+34.6 points). Refuted: RL raises it, and nothing else (−7.0 points). Undetermined" in text
    assert "it stays &lt;where&gt; it was (not defined in any seed)" in text


# Broken if the reports of two settings could not be told apart.
def test_a_report_says_in_what_its_setting_differs(results: Results, page: str) -> None:
    assert f"withheld from the absent arm: mul. {size(results)}.</p>" in page
    smoke, tried = (replace(results.setting, scale=scale) for scale in (SMOKE, replace(SMOKE, practice=4, practice_lr=2e-3)))
    assert size(replace(results, setting=smoke)) == "Scale smoke"
    assert size(replace(results, setting=tried)) == "Scale smoke, but for practice 4, practice lr 0.002"


# Broken if the command of the report ran another study.
@pytest.mark.parametrize(
    ("seeds", "only"),
    [((0, 1), {}), ((3, 4, 5), {"primitive": "absent", "region": "at"}), ((0,), {"reward": "process", "control": "none"})],
)
def test_the_command_runs_the_same_again(seeds: tuple[int, ...], only: dict[str, str], store: Store) -> None:
    setting = Setting(TINY, ("mul", "sub"), seeds)
    cells = tuple(c for c in GRID.cells(setting) if only.items() <= dict(c.labels).items())
    words = command(Results(GRID, setting, cells, (), (), store)).split()
    assert words[:4] == ["python", "-m", "analysis", "run"]
    asked = tyro.cli(Run, args=words[4:]).request()
    assert (asked.study, asked.setting, asked.only) == (GRID, setting, only)
    assert asked.cells() == cells


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


# Broken if smoothing shifted a curve, or pulled its ends to zero; or if updates of one iteration counted as several.
def test_learning_curves_by_hand(tmp_path: Path) -> None:
    assert smooth(np.array([0.0, 3.0, 6.0, 6.0]), 3).tolist() == [1.5, 3.0, 5.0, 6.0]
    notes = [{"iteration": 0, "reward": 1.0}, {"iteration": 0, "reward": 2.0}, {"iteration": 1, "reward": 4.0, "loss": 1.0}]
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(n) + "\n" for n in notes))
    with open(tmp_path / "metrics.jsonl", "a") as file:
        file.write('{"iteration": 2, "rew')  # is being written
    read = {name: curve.tolist() for name, curve in read_notes(tmp_path / "metrics.jsonl").items()}
    assert read == {"iteration": [0.0, 1.0], "reward": [1.5, 4.0], "loss": [1.0]}


# Broken if a stage were drawn twice or left out, an arrow pointed the wrong way, or boxes lay on each other.
def test_the_graph_of_stages() -> None:
    cells = tuple(GRID.cells(Setting(TINY, ("mul",), (0, 1))))
    mine = closure([s for c in cells if c.seed == 0 for s in c.stages()])
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


# Broken if a figure had no name for who cannot see it, a table no heads, or a heading skipped a level.
def test_who_cannot_see_is_told(page: str) -> None:
    figures = re.findall(r"<svg [^>]*>", page)
    assert len(figures) >= 6
    assert all(re.search(r'role="img" aria-label="[^"]{10,}"', f) for f in figures)
    assert page.count("<figure>") == page.count("<figcaption>") == len(figures)
    assert page.count("<table") == page.count("<thead><tr") > 3
    levels = [int(n) for n in re.findall(r"<h(\d)>", page)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    assert '<html lang="en">' in page
