"""What a study will take, said before it runs, and how far that was from what it took."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from analysis import plan
from analysis.plan import MIB, Need, Plan, probe, taken
from analysis.progress import estimated, needs
from analysis.studies import STUDIES
from analysis.study import Setting
from tests.tiny import TINY
from train.learn import Learn
from train.practice import Practice
from train.prompts import Endless
from train.stage import Stage, closure
from train.store import Store

CELLS = tuple(STUDIES["grid"].cells(Setting(TINY, ("mul",), (0,))))
STAGES = closure([s for c in CELLS for s in c.stages()])
LEARN = next(c.learn for c in CELLS if c.learn is not None)


def finished(store: Store, stage: Stage, seconds: float, memory: int, size: int) -> None:
    """A folder as a stage leaves it that took so much."""
    folder = store.path(stage)
    folder.mkdir()
    record = json.dumps({"seconds": seconds, "peak_memory_mb": memory})
    (folder / "run.json").write_text(record)
    (folder / "rest").write_bytes(bytes(size - len(record)))


# Broken if one stage stood for its kind, memory were averaged, or a folder were measured without some of its files.
def test_what_was_taken_is_averaged_by_kind(tmp_path: Path) -> None:
    store, (one, two, *_) = Store(tmp_path), [s for s in STAGES if plan.kind(s) == "practise"]
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
        assert isinstance(practice.prompts, Endless)
        steps = practice.prompts.family.steps
        tried.append((steps, stage.iterations))
        return Need(10.0 * stage.iterations, 100.0 * steps, 1.0)

    monkeypatch.setattr(plan, "_need", need)
    monkeypatch.setattr(plan, "PROBED", 2)
    found = probe(replace(LEARN, iterations=50), Store(tmp_path))
    assert tried == [(2, plan.PROBE), (2, plan.PROBE), (TINY.lines, 1)]
    assert found == Need(500.0, 100.0 * TINY.lines, 1.0)


# Broken if the error of an estimate were not told after the run: of the time by kind, and of the memory.
def test_the_error_of_the_estimate_is_told(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = Plan(len(CELLS), STAGES, frozenset(), {"practise": 30.0}, 2, {"practise": 600.0}, {"practise": 2.0})
    assert "at most 1200 MiB of memory" in needs(made)
    finished(store, LEARN, 60.0, 1_500, MIB)
    assert estimated(made, {LEARN}, store) == "practise 60 s each, estimated 30 s; memory at most 1500 MiB a stage, estimated 600 MiB"
    assert estimated(made, set(), store) == ""
