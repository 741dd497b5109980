"""What people see on a terminal while a study runs, and when they ask a policy."""

import io
import json
import time
from pathlib import Path

import pytest
from rich.console import Console

from analysis.agenda import State
from analysis.ask import converse, task
from analysis.demo import bars
from analysis.plan import Plan, kind, longest, schedule
from analysis.progress import Clock, Lines, Screen, minutes, standing, titles
from analysis.studies import STUDIES
from analysis.study import Setting
from models.gpt import GPT, GPTConfig
from synthtasks import Program
from synthtasks.surfaces import Compact
from tests.tiny import TINY
from train.policy import Fresh, Policy, torch_rng
from train.stage import Stage, closure
from train.store import Store

CELLS = tuple(STUDIES["grid"].cells(Setting(TINY, ("mul",), (0,))))
STAGES = closure([s for c in CELLS for s in c.stages()])
LEARN = next(c.learn for c in CELLS if c.learn is not None)


def plan() -> Plan:
    return Plan(len(CELLS), STAGES, frozenset(), {"pretrain": 60.0, "practise": 30.0}, 2)


def recorded(width: int = 150) -> Console:
    return Console(file=io.StringIO(), width=width, force_terminal=False)


def text(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


# Two stages under one name could not be told apart on the screen.
def test_titles_name_the_cell_or_who_shares_it() -> None:
    names = titles(CELLS)
    assert len({names[s] for s in STAGES if kind(s) == "practise"}) == sum(kind(s) == "practise" for s in STAGES) == 14
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
    assert (at.iteration, at.iterations) == (3, TINY.practice)
    assert at.text == "reward 0.100  signal 0.500  pass@1 0.250  pass@4 0.500"


# A screen that hides what runs, what failed, or how long it takes.
def test_the_screen_shows_what_runs_and_what_failed(tmp_path: Path) -> None:
    console, clock, names = recorded(), Clock(plan(), Store(tmp_path)), titles(CELLS)
    first, second = STAGES[0], LEARN
    state = State(set(STAGES) - {first, second}, {second: time.monotonic() - 5}, set(), set(), {first: "Traceback\nValueError: no"})
    console.print(Screen(None, clock, names).render(state))  # type: ignore[arg-type]
    shown = text(console)
    assert names[second] in shown
    assert "ValueError: no" in shown
    assert f"0 of {len(STAGES)} stages done, 1 running" in shown
    lines = recorded()
    Lines(lines, clock, names)(state)
    assert "failed: " + names[first] in text(lines)


# A stage that takes longer than was planned must not be about to end for minutes; one that was resumed has less to do than all.
def test_the_time_left_heeds_how_far_a_stage_is(tmp_path: Path) -> None:
    store = Store(tmp_path)
    clock = Clock(Plan(1, (LEARN,), frozenset(), {"practise": 30.0}, 1), store)
    draft = tmp_path / (store.path(LEARN).name + ".draft")
    draft.mkdir()
    (draft / "metrics.jsonl").write_text(f'{{"iteration": {TINY.practice // 2 - 1}, "loss": 1.0}}\n')
    half = 1 - TINY.practice // 2 / TINY.practice
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


def test_small_things_are_readable() -> None:  # durations and bars that mislead
    assert [minutes(s) for s in (5, 89, 600, 7_200)] == ["5 s", "89 s", "10 min", "2.0 h"]
    assert bars([0.0, 0.5, 1.0]) == " ▄█"


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
    assert "expected 'LINE OPERATOR NUMBER" in shown
    assert "windows of 1 to 4 steps" in shown


# What is drawn for a policy must be in its own words, not in those of the default scale.
def test_a_policy_says_what_it_can_be_asked(tmp_path: Path) -> None:
    for lines, modulus in ((24, 10), (10, 3), (30, 12)):
        vocab = Compact().vocab(lines, Program().primitives, modulus)
        policy = Policy(GPT(GPTConfig(len(vocab), width=16, layers=1, heads=2, kv_heads=2), torch_rng("any")), vocab)
        assert task(policy) == Program(steps=3, lines=lines, modulus=modulus)


def test_every_stage_has_a_kind() -> None:  # a stage without one would have no cost in any plan
    kinds: set[str] = {kind(s) for s in STAGES}
    assert kinds == {"fresh", "pretrain", "practise", "score", "sample", "edge"}
    assert isinstance(STAGES[0], Stage)
