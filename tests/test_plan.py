"""What a study will take, said before it runs, and how far that was from what it took."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from analysis.cli.command import run
from analysis.cli.request import Request
from analysis.cli.screen import estimated, needs
from analysis.cli.terminal import Terminal
from analysis.design.scale import SCALES
from analysis.design.study import Setting
from analysis.running import plan
from analysis.running.engine import Care, run_stages
from analysis.running.plan import MIB, Need, Plan, make_plan, probe, taken
from analysis.running.shard import Shard
from analysis.studies import STUDIES
from tests.tiny import TINY
from train.learn import Learn
from train.learn.learning import TRIED
from train.losses.practice import Practice
from train.rl import Endless
from train.stages.machine import Machine
from train.stages.stage import Stage, closure
from train.stages.store import Store

STUDY = STUDIES["grid"]
CELLS = tuple(STUDY.every(Setting(TINY, (0,), STUDY.options)))
STAGES = closure([s for c in CELLS for s in c.stages])
LEARN = CELLS[0]["learn"]


def finished(store: Store, stage: Stage, seconds: float, memory: int, size: int) -> None:
    """A folder as a stage leaves it that took so much."""
    folder = store.path(stage)
    folder.mkdir()
    record = json.dumps({"seconds": seconds, "peak_memory_mb": memory})
    (folder / "run.json").write_text(record)
    (folder / "rest").write_bytes(bytes(size - len(record)))


# Broken if one stage stood for its kind, memory were averaged, or a folder were measured without some of its files.
def test_what_was_taken_is_averaged_by_kind(tmp_path: Path) -> None:
    store, (one, two, *_) = Store(tmp_path), [s for s in STAGES if s.word == "practise"]
    finished(store, one, 3.0, 700, MIB)
    finished(store, two, 5.0, 900, 3 * MIB)
    assert taken([one, two], store) == {"practise": Need(4.0, 900, 2.0)}


# Broken if the memory of practice were that of problems shorter than a band may choose, or a probe ran what is asked for itself.
def test_a_probe_tries_the_longest_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[tuple[int, int]] = []

    def need(stage: Stage, store: Store) -> Need:
        assert isinstance(stage, Learn)
        assert store.root != tmp_path
        practice = stage.losses[0][1]
        assert isinstance(practice, Practice)
        assert isinstance(practice.source, Endless)
        steps = practice.source.family.steps
        tried.append((steps, stage.iterations))
        return Need(10.0 * stage.iterations, 100.0 * steps, 1.0)

    monkeypatch.setattr(plan, "_need", need)
    monkeypatch.setattr("train.rl.problems.bands.USUAL", 2)
    assert isinstance(LEARN, Learn)
    found = probe(replace(LEARN, iterations=50), Store(tmp_path))
    assert tried == [(TINY.lines, 1), (2, TRIED), (2, TRIED)]
    assert found == Need(500.0, 100.0 * TINY.lines, 1.0)


# Broken if the error of an estimate were not told after the run: of the time by kind, and of the memory.
def test_the_error_of_the_estimate_is_told(tmp_path: Path) -> None:
    store = Store(tmp_path)
    seconds = dict.fromkeys((s.word for s in STAGES), 0.0) | {"practise": 30.0}
    made = Plan(len(CELLS), STAGES, frozenset(), seconds, 2, {"practise": 600.0}, {"practise": 2.0})
    assert "at most 1.3 GB of memory" in needs(made)
    finished(store, LEARN, 60.0, 1_500, MIB)
    assert estimated(made, {LEARN}, store) == "practise 60 s each, estimated 30 s; memory at most 1.6 GB a stage, estimated 629.1 MB"
    assert estimated(made, set(), store) == ""


# Broken if the lack of a GPU were noticed after minutes of measuring, or kept results that are there from being reported.
def test_a_gpu_that_is_not_there_is_missed_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr(plan, "probe", None)  # is not called
    assert SCALES["gpu"].machine.accelerator == "cuda"
    store = Store(tmp_path / "stages", SCALES["gpu"].machine)
    with pytest.raises(ValueError, match=r"finds none here.*--scale cpu \(make SCALE=cpu\)"):
        make_plan(STAGES, len(CELLS), store, 1)
    asked = Request(STUDY, Setting(SCALES["gpu"], (0,), STUDY.options), {}, tmp_path, 1)
    with pytest.raises(ValueError, match="finds none here"):
        run(asked, Terminal(io.StringIO()), Care(), Shard(), run_stages)
    assert not list(tmp_path.iterdir())
    assert make_plan((), 0, store, 1).missing == ()


# Broken if one stage were tried where stages run as one, or what nobody measured were told as no time at all.
def test_what_runs_as_one_is_not_measured_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "probe", None)  # is not called
    made = make_plan((CELLS[0]["base"],), 1, Store(tmp_path, Machine(stack=4)), 2)
    assert made.unmeasured == ("fresh", "pretrain")
    assert needs(made) == "a time that is known once stages of each kind (fresh, pretrain) have run as one, 2 stacks at a time"


# Broken if half the precision that the record names were not what a stack computes in.
def test_stages_run_as_one_in_the_precision_that_is_recorded() -> None:
    with pytest.raises(ValueError, match=r"compute in 32-true or tf32.*leave stack at 1"):
        Machine(stack=2, precision="bf16-mixed")


# Broken if measuring were silent, or a slow machine were measured for longer than it takes to know that it is slow.
def test_measuring_says_what_it_does_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(plan, "TRIAL", 0.0)
    made = make_plan((CELLS[0]["base"],), 1, Store(tmp_path), 1, said.append)
    assert said == ["measuring this machine: pretrain, a small part of a stage"]
    assert made.seconds["pretrain"] > 0
