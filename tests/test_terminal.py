"""What people see on a terminal while a study runs, and when they ask a policy."""

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import unicodedata
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from analysis.__main__ import typed
from analysis.claims.judge import Finding, Verdict
from analysis.cli import terminal
from analysis.cli.ask import converse, task
from analysis.cli.command import ended, tight
from analysis.cli.screen import Lines, ending, screen
from analysis.cli.screen.bars import percent
from analysis.cli.tables import findings_table, show_list, show_rubbish
from analysis.cli.terminal import Terminal
from analysis.cli.verbs import Ask
from analysis.design.results import Results
from analysis.design.scale import CPU, SMOKE, Scale
from analysis.design.study import Setting
from analysis.report.titles import titles
from analysis.running import gc
from analysis.running.agenda import Agenda, State
from analysis.running.plan import Plan, longest, schedule
from analysis.running.progress import Clock, minutes, standing, summary
from analysis.sql import query
from analysis.studies import STUDIES
from models import GPTConfig
from models.gpt import GPT
from synthtasks import Program
from synthtasks.corpora import Corpus, Recipe, Solved
from synthtasks.families import Dag
from synthtasks.surfaces import Compact, Equations
from tests.tiny import TINY
from train.learn import Learn
from train.losses import Imitate
from train.policy import Fresh, Policy, load_policy, torch_rng
from train.stages.stage import Stage, closure
from train.stages.store import Store

ROOT = Path(__file__).parent.parent
CELLS = tuple(STUDIES["grid"].every(Setting(TINY, (0,), STUDIES["grid"].options)))
STAGES = closure([s for c in CELLS for s in c.stages])
LEARN = CELLS[0]["learn"]


def plan() -> Plan:
    return Plan(len(CELLS), STAGES, frozenset(), {"pretrain": 60.0, "practise": 30.0}, 2)


def recorded(width: int = 150) -> Terminal:
    return Terminal(io.StringIO(), width)


def text(console: Terminal) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


ODD = ("[/bold]x", "a [x]", "[red]", "\\[b]", "[link=x]y", ":cat: 3", "[/]")


# Broken if a name, a path or an error were taken for markup: a part of it would be missing, or the run would end with it.
@pytest.mark.parametrize("odd", ODD)
def test_text_is_printed_to_the_letter(odd: str) -> None:
    console = recorded()
    console.print(f"1 {odd} 1")
    console.print(f"2 {odd} 2", style="red")
    console.print(Text.assemble(("said:", "red"), f"3 {odd} 3"))
    table = Table(f"4 {odd} 4", title=f"5 {odd} 5", caption=f"6 {odd} 6")
    table.add_row(f"7 {odd} 7")
    console.print(table)
    console.rule(f"8 {odd} 8")
    assert [n for n in range(1, 9) if f"{n} {odd} {n}" not in text(console)] == []


# Broken if an error, or a value in a table, could command the terminal: clear the screen, or write over what was said.
def test_text_commands_no_terminal() -> None:
    console = recorded()
    table = Table("name")
    table.add_row("a\x1b[2Jb\x9b1A")
    console.print("c\x1b]0;title\x07d", table, Text("\x1b[31me"))
    shown = text(console)
    assert not any(unicodedata.category(c) == "Cc" for c in shown.replace("\n", ""))
    assert "c\\x1b]0;titled\n" in shown
    assert "\\x1b[31me\n" in shown


# Broken if the text of a stage, a folder, a claim or a result were printed by a command as anything but itself.
def test_commands_print_what_is_odd(tmp_path: Path) -> None:
    console, odd = recorded(400), "[/bold]x [y]"
    store = Store(tmp_path / odd)
    store.root.mkdir(parents=True)
    store.error(LEARN).write_text("why\n")
    said = [odd]
    ended(State(failed={LEARN: f"ValueError: {odd}"}), store, console)
    said += [f"ValueError: {odd}", str(store.error(LEARN))]
    tight(Plan(1, (LEARN,), frozenset(), {}, 1, {}, {"practise": 1e12}), store.root, console)
    said += [f"{store.root} has"]
    study = replace(STUDIES["grid"], question=f"question {odd}", source=f"source {odd}")
    show_list([study], console)
    said += [study.question, study.source]
    query.show(query.Answer((f"column {odd}",), ((f"cell {odd}",),)), console)
    said += [f"column {odd}", f"cell {odd}"]
    console.print(findings_table([Finding(f"claim {odd}", "", "shown", 1.0, 0.5, 1.5, 0.95, None, 0.01, "", 5, 0, ())]))
    said += [f"claim {odd}", "[+0.5, +1.5]"]
    clock, names = Clock(plan(), store), {LEARN: f"stage {odd}"}
    state = State(running={LEARN: time.monotonic()}, failed={LEARN: f"KeyError: {odd}"})
    console.print(screen(state, clock, names))
    said += [f"stage {odd}", f"KeyError: {odd}"]
    show_rubbish(gc.Sorted((gc.Rubbish("Stage", tmp_path / "file [red]x", "draft", 1),), (f"busy {odd}",)), console)
    said += ["file [red]x", f"busy {odd}"]
    assert [s for s in said if s not in text(console)] == []


PLAIN = """
import sys
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from analysis.running import workers
from analysis.running.engine import Care, run_stages
from analysis.cli.terminal import Terminal
from synthtasks.console.stdout import say_every_character
from train.stages.stage import Stage
from train.stages.store import Store

@dataclass(frozen=True, eq=False)
class Says(Stage):
    def run(self, out, store):
        print("said \\xf6", flush=True)
        raise ValueError("\\xf6 \\u2713")

workers.CONTEXT = get_context("fork")  # to begin at once
state = run_stages((Says(),), Store(Path(sys.argv[1])), 1, lambda stage: 1.0, lambda state: None, Care())
say_every_character()
Terminal(width=500).print(*state.failed.values(), sys.argv[1])
"""


# Broken if an error, a name or a folder with a letter that the terminal's encoding lacks ended the run, in this process or in a worker; or
# if the error were kept in that encoding.
def test_a_locale_that_knows_no_letters_ends_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii:strict"}
    script = tmp_path / "says.py"
    script.write_text(PLAIN, encoding="utf-8")
    environment["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(
        [sys.executable, script, str(tmp_path / "ö")], env=environment, cwd=ROOT, capture_output=True, encoding="ascii", timeout=100
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "said \\xf6\n" in done.stdout
    assert "ValueError: \\xf6 \\u2713\n" in done.stdout
    assert str(tmp_path) + "/\\udcc3\\udcb6" in done.stdout
    (file,) = tmp_path.glob("ö/Says-*.error.txt")
    assert file.read_text(encoding="utf-8").endswith("ValueError: ö ✓\n")


# Broken if a part of the analysis printed by a console that takes text for markup.
def test_there_is_one_kind_of_console() -> None:
    for file in Path(terminal.__file__).parent.glob("*.py"):
        source = file.read_text(encoding="utf-8")
        for markup in ("rich.markup", "rich.panel", "from_markup"):
            assert markup not in source, f"{file.name} imports {markup}; what Terminal prints is no markup, and needs no escape"
        assert file.name == "terminal.py" or not re.search(r"\bConsole\(", source), f"{file.name} makes a Console; use Terminal"


# Two stages under one name could not be told apart on the screen.
def test_titles_name_the_cell_or_who_shares_it() -> None:
    names = titles(CELLS)
    assert len({names[s] for s in STAGES if s.word == "practise"}) == sum(s.word == "practise" for s in STAGES) == 14
    assert names[LEARN] == "practise present below outcome seed 0"
    assert any(name.startswith("pretrain") and "shared by 14 cells" in name for name in names.values())


# The last line of a metrics file may be half-written when it is read, and one before it damaged: the screen must not end the run.
def test_standing_reads_a_run_under_way(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert standing(LEARN, store) is None
    draft = tmp_path / (store.path(LEARN).name + ".draft")
    draft.mkdir()
    rows = [{"iteration": i, "reward": i / 10, "loss": 9.0, "signal": 0.5, "pass@1": 0.25, "pass@4": 0.5} for i in range(3)]
    lines = ["".join(json.dumps(r) + "\n" for r in rows), '{"iteration": 2, "rew\u00ffard": 0.2\n', '{"iteration": 3, "rew']
    (draft / "metrics.jsonl").write_bytes("".join(lines).encode("latin-1"))
    at = standing(LEARN, store)
    assert at is not None
    assert (at.iteration, at.iterations) == (3, TINY.rl_iterations)
    assert at.text == "reward 0.100  signal 0.500  pass@1 0.250  pass@4 0.500"


# A screen that hides what runs, what failed, or how long it takes.
def test_the_screen_shows_what_runs_and_what_failed(tmp_path: Path) -> None:
    console, clock, names = recorded(), Clock(plan(), Store(tmp_path)), titles(CELLS)
    first, second = STAGES[0], LEARN
    state = State(set(STAGES) - {first, second}, {second: time.monotonic() - 5}, set(), set(), {first: "Traceback\nValueError: no"})
    console.print(screen(state, clock, names))
    shown = text(console)
    assert names[second] in shown
    assert "ValueError: no" in shown
    assert f"0 of {len(STAGES)} stages done, 1 running" in shown
    lines = recorded()
    Lines(lines, clock, names)(state)
    assert "failed: " + names[first] in text(lines)


# Broken if a narrow terminal cut off how much is done, how long the rest takes, or where a stage is.
@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_narrow_screen_shows_counts_and_times(width: int, tmp_path: Path) -> None:
    console, clock, names = recorded(width), Clock(plan(), Store(tmp_path)), titles(CELLS)
    draft = tmp_path / (str(LEARN) + ".draft")
    draft.mkdir()
    rates = '"reward": 0.5, "signal": 0.5, "pass@1": 0.25, "pass@4": 0.5, "pass@16": 0.5'
    (draft / "metrics.jsonl").write_text(f'{{"iteration": 1, {rates}}}\n')
    failed = {STAGES[0]: f"ValueError: {'a long reason ' * 9}"}
    state = State(set(STAGES[-2:]), {LEARN: time.monotonic() - 60_000}, set(), set(STAGES[1:-2]) - {LEARN}, failed)
    console.print(screen(state, clock, names))
    shown = text(console)
    assert max(map(len, shown.splitlines())) <= width
    assert summary(state, clock) in " ".join(shown.split())
    for whole in (f"iteration 2/{TINY.rl_iterations} ", "16.7 h", "pass@16"):
        assert whole in shown


HOSTILE = (
    "[red]" * 60,
    "practise " + "very " * 60 + "long seed 0",
    "practise 漢字" * 30,
    "esc\x1b[2J\x07 " * 20,
    "line\nline " * 20,
    "x" * 300,
)


# Broken if a name that is long, or that takes more columns than letters, made a line longer than the terminal: the screen would roll.
@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_name_is_wider_than_the_screen(hostile: str, width: int, tmp_path: Path) -> None:
    console, clock = recorded(width), Clock(plan(), Store(tmp_path))
    learned = [s for s in STAGES if s.word == "practise"][:30]
    running, done, failed = learned[:9], learned[9:12], {learned[12]: f"ValueError: {hostile}", learned[13]: "stands on x"}
    state = State(set(STAGES[:3]), dict.fromkeys(running, time.monotonic() - 9), set(), set(STAGES) - {*learned, *STAGES[:3]}, failed)
    for stage in done:
        store_note(stage, tmp_path, 2)
    names = {s: f"{hostile} seed {i}" for i, s in enumerate(STAGES)}
    console.print(screen(state, clock, names))
    lines = text(console).splitlines()
    assert max(map(cell_len, lines)) <= width
    assert len(lines) <= console.height
    assert "stands on" not in text(console)
    shown = re.sub(r"\s+", " ", text(console))
    assert "and " in shown
    assert f"seed {STAGES.index(learned[0])} " in shown  # both ends of a name are shown


def store_note(stage: Stage, root: Path, iterations: int) -> None:
    """The metrics of so many iterations of a stage."""
    draft = root / (str(stage) + ".draft")
    draft.mkdir(exist_ok=True)
    (draft / "metrics.jsonl").write_text("".join(f'{{"iteration": {i}, "loss": 1.0}}\n' for i in range(iterations)))


# Broken if the bar went back, were full before the end, or counted stages where the plan knows their time; or if its end were not the
# plan's. A worker dies in the middle of a stage, and another stage fails for good: with it, the bar does not reach its end.
@pytest.mark.parametrize("fails", [False, True])
def test_the_bar_counts_the_time_of_the_plan(fails: bool, tmp_path: Path) -> None:
    costs = {"pretrain": 60.0, "practise": 30.0, "score": 4.0, "sample": 2.0, "edge": 0.05, "fresh": 0.05}
    there = frozenset(s for s in STAGES if s.word == "fresh")
    clock = Clock(replace(plan(), there=there, seconds=costs), Store(tmp_path))
    assert clock.total == pytest.approx(sum(costs[s.word] for s in STAGES if s.word != "fresh"))
    agenda, shares, spent = Agenda(STAGES, clock.store, clock.plan.cost), [0.0], 0.0
    assert Clock(replace(clock.plan, seconds=dict.fromkeys(costs, 0.0)), clock.store).total > 0  # no division by it fails
    died = False
    while (stage := agenda.next()) is not None:
        parts: tuple[float, ...] = (0.25, 0.75, 3.0)  # of its time; it takes three times as long as was planned
        for part in parts:
            agenda.state.running[stage] = time.monotonic() - part * costs[stage.word]
            if isinstance(stage, Learn):
                store_note(stage, tmp_path, max(1, int(min(1.0, part) * stage.iterations)))
            shares.append(clock.share(agenda.state))
            assert shares[-1] < 1
        if stage == LEARN and not died:
            died = True
            agenda.again(stage)
            shutil.rmtree(tmp_path / f"{stage}.draft")
        elif fails and stage == next(c["learn"] for c in reversed(CELLS) if "learn" in c.by_name):
            agenda.fail(stage, "ValueError")
        else:
            agenda.done(stage)
            spent += costs[stage.word] * (stage not in there)
        shares.append(clock.share(agenda.state))
        assert shares[-1] == pytest.approx(max(spent / clock.total, shares[-2]))
    assert died
    assert shares == sorted(shares)
    assert (shares[-1] == 1.0) != fails
    assert percent(shares[-1]) == "100 %" or fails
    assert percent(0.9999) == "99 %"


# Broken if a time were made up where no stage of a kind has run, as on a GPU at first.
def test_an_unknown_time_is_said_to_be_unknown(tmp_path: Path) -> None:
    clock, state = Clock(plan(), Store(tmp_path)), State(waiting=set(STAGES))
    assert "the time left is known once each kind (fresh, score" in summary(state, clock)
    known = Clock(replace(plan(), seconds=dict.fromkeys((s.word for s in STAGES), 1.0)), Store(tmp_path))
    assert summary(state, known).endswith(f"about {minutes(known.left(state))} left")


# Broken if a run ended without its answer, its report, or a command to go on with that can be typed as it stands; or if a trial's numbers
# were told as an answer.
@pytest.mark.parametrize(
    ("scale", "seeds", "made", "said"),
    [
        (SMOKE, 1, "", "A trial of the wiring: at so small a scale the verdicts mean nothing"),
        (SMOKE, 1, "", "next: the same command with --scale cpu"),
        (SMOKE, 1, "1", "next: the same command with SCALE=cpu"),
        (CPU, 5, "", "next: the same command with --seeds 9; more seeds may decide what is undetermined (2)"),
        (CPU, 16, "", "next: read the report, whose numbers lead to their cells and files"),
    ],
)
def test_a_run_ends_with_its_answer(
    scale: Scale, seeds: int, made: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if made:
        monkeypatch.setenv("MAKELEVEL", made)
    else:
        monkeypatch.delenv("MAKELEVEL", raising=False)
    verdicts: tuple[Verdict, ...] = ("shown", "undetermined", "refuted", "undetermined", "reported")
    found = [
        Finding(f"claim {i}", f"It is {v}.", v, 44.4, 36.8, 52.0, 0.95, None, 0.01, "points", seeds, 0, ()) for i, v in enumerate(verdicts)
    ]
    study, page = STUDIES["grid"], tmp_path / "grid" / "report.html"
    console = recorded(60)
    results = Results(study, Setting(scale, tuple(range(seeds)), study.options), CELLS, (), tuple(found), Store(tmp_path))
    ending(results, page, console)
    shown = " ".join(text(console).split())
    assert said in shown
    assert ("A trial" in shown) == (scale is SMOKE)
    interval = " [+36.8, +52.0]" if seeds > 1 else ""
    assert f"shown: It is shown (points: +44.4{interval}, {seeds} seed{'s' * (seeds > 1)})" in shown
    assert "the other claims: 2 undetermined, 1 refuted" in shown
    assert f"report: {page}\n" in text(console)
    whole = ("report: ", "or ask a policy: ")
    assert max(len(line) for line in text(console).splitlines() if not line.startswith(whole)) <= 60
    (command,) = re.findall(r"^or ask a policy: .*python\S* -m analysis (.*)$", text(console), re.MULTILINE)
    asked = typed(shlex.split(command))
    assert isinstance(asked, Ask)
    assert (asked.what, asked.out, asked.seed) == ("grid", tmp_path, 0)
    assert dict(label.split("=") for label in asked.only.split(",")) == dict(CELLS[0].labels)


# Broken if a log filled with lines, or stayed silent for long: a line comes when a tenth more time has passed, a failure at once.
def test_a_log_gets_few_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    console, clock = recorded(100), Clock(replace(plan(), seconds=dict.fromkeys((s.word for s in STAGES), 1.0)), Store(tmp_path))
    lines, state = Lines(console, clock, titles(CELLS), began=now, last=now), State(waiting=set(STAGES) - {LEARN}, running={LEARN: now})
    at = []
    for _ in range(2 * 1_200):
        now += 0.5
        before = len(text(console))
        lines(state)
        if len(text(console)) > before:
            at.append(now - 1_000)
    assert 25 < len(at) < 45
    assert at[0] <= 11
    assert all(b - a <= max(11, 0.11 * b) for a, b in pairwise(at))
    state.failed[LEARN] = "Traceback\nValueError: no"
    lines(state)
    assert text(console).endswith(f"failed: {titles(CELLS)[LEARN]}: ValueError: no\n")


# A stage that takes longer than was planned must not be about to end for minutes; one that was resumed has less to do than all.
def test_the_time_left_heeds_how_far_a_stage_is(tmp_path: Path) -> None:
    store = Store(tmp_path)
    clock = Clock(Plan(1, (LEARN,), frozenset(), {"practise": 30.0}, 1), store)
    draft = tmp_path / (store.path(LEARN).name + ".draft")
    draft.mkdir()
    (draft / "metrics.jsonl").write_text(f'{{"iteration": {TINY.rl_iterations // 2 - 1}, "loss": 1.0}}\n')
    half = 1 - TINY.rl_iterations // 2 / TINY.rl_iterations
    for spent, whole in ((1.0, 30.0), (60.0, 60.0 / (1 - half))):
        left = clock.left(State(set(), {LEARN: time.monotonic() - spent}, set(), set(), {}))
        assert left == pytest.approx(half * whole, rel=0.05)


# Work shared out evenly, but never shorter than the longest chain.
def test_schedule_by_hand() -> None:
    costs = {s: float(i + 1) for i, s in enumerate(STAGES)}
    cost = costs.__getitem__
    total = sum(costs.values())
    assert schedule(STAGES, cost, 1) == total
    assert schedule(STAGES, cost, 10_000) == longest(STAGES, cost) < total
    assert schedule((), cost, 2) == 0.0


def test_small_things_are_readable() -> None:  # durations that mislead
    assert [minutes(s) for s in (5, 89, 600, 7_200)] == ["5 s", "89 s", "10 min", "2.0 h"]


# A policy that is asked must answer drawn and typed problems, mark its steps, and survive nonsense.
def test_ask_draws_and_reads_problems(tmp_path: Path) -> None:
    vocab = Compact().vocab(4, Program().primitives, 10)
    folder = Store(tmp_path).get(Fresh(GPTConfig(len(vocab), width=16, layers=1, heads=2, kv_heads=2), vocab))
    console = recorded()
    typed = iter(["2", "", "A + 3 B * 7 run A to B from 5 :", "A + 3 run", "40", "q"])
    converse(folder, console, lambda: next(typed))
    shown = text(console)
    assert shown.count("answer") >= 3
    assert "true answer 6" in shown  # (5 + 3) * 7 = 56
    assert "LINE OPERATOR NUMBER" in shown
    assert "windows of 1 to 4 steps" in shown


# What is drawn for a policy must be in its own words, not in those of the default scale.
def test_a_policy_says_what_it_can_be_asked(tmp_path: Path) -> None:
    for lines, modulus in ((24, 10), (10, 3), (30, 12)):
        vocab = Compact().vocab(lines, Program().primitives, modulus)
        policy = Policy(GPT(GPTConfig(len(vocab), width=16, layers=1, heads=2, kv_heads=2), torch_rng("any")), vocab)
        assert task(tmp_path, policy) == (Program(steps=3, lines=lines, modulus=modulus), Compact())


# Broken if a policy that has read other problems than programs were asked about programs.
def test_a_policy_is_asked_what_it_has_read(tmp_path: Path) -> None:
    family, surface = Dag(), Equations()
    vocab = surface.vocab(family.names, family.primitives, family.modulus)
    fresh = Fresh(GPTConfig(len(vocab), width=16, layers=1, heads=2, kv_heads=2), vocab)
    learned = Learn(fresh, ((1.0, Imitate(Corpus((Recipe(1.0, family, Solved(surface)),)), 64)),), 1)
    folder, console = Store(tmp_path).get(learned), recorded()
    assert task(folder, load_policy(folder)) == (family, surface)
    typed = iter(["6", "A + 3 run", "q"])
    converse(folder, console, lambda: next(typed))
    assert "true answer" in text(console)
    assert "only problems in Compact" in text(console)


def test_every_stage_has_a_kind() -> None:  # a stage without one would have no cost in any plan
    kinds: set[str] = {s.word for s in STAGES}
    assert kinds == {"fresh", "pretrain", "practise", "score", "sample", "edge"}
    assert isinstance(STAGES[0], Stage)
