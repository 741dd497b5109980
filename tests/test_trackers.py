"""Loggers: they are told what the file of metrics holds, once, whatever happens to the run, and change nothing."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from analysis.cli.options import parsed
from analysis.cli.request import logged
from analysis.cli.verbs import Run
from models import GPTConfig
from synthtasks.corpora import Corpus, Recipe
from synthtasks.families import Program
from synthtasks.surfaces import Compact
from train.learn import Learn
from train.losses.imitate import Imitate
from train.policy import Fresh
from train.stages.seal import VARYING
from train.stages.stage import Tracker, name
from train.stages.store import Store
from train.trackers import Csv, TensorBoard, called

FAMILY = Program(1, 4)
VOCAB = Compact().vocab(4, FAMILY.primitives, FAMILY.modulus)
BASE = Fresh(GPTConfig(len(VOCAB), width=16, layers=1, heads=2, kv_heads=2, context=64), VOCAB)
LEARN = Learn(BASE, ((1.0, Imitate(Corpus((Recipe(1.0, FAMILY),)), tokens=100)),), 6)
TITLES = {name(LEARN): "pretrain it (seed 0)"}


def learned(folder: Path, tracker: Tracker | None) -> list[dict[str, float]]:
    """Learn to the end; what the file of metrics holds then."""
    store = Store(folder / "stages", checkpoint_seconds=0.0, tracker=tracker)
    return [json.loads(line) for line in (store.get(LEARN) / "metrics.jsonl").read_text().splitlines()]


def stopped(folder: Path, tracker: Tracker, iterations: int, patch: pytest.MonkeyPatch) -> None:
    """Learn, and stop as if killed after some iterations."""
    step, taken = torch.optim.AdamW.step, iter(range(iterations))

    def killed(self: torch.optim.AdamW, *arguments: object) -> object:
        if next(taken, None) is None:
            raise KeyboardInterrupt
        return step(self, *arguments)  # type: ignore[arg-type]

    patch.setattr(torch.optim.AdamW, "step", killed)
    with pytest.raises(KeyboardInterrupt):
        learned(folder, tracker)
    patch.undo()


def bits(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in (folder / "stages").rglob("*.*") if f.name not in VARYING}


# Broken if a row were lost, or written twice where a run was stopped and continued; or if the results were touched.
def test_a_table_holds_every_step_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = learned(tmp_path / "plain", None)
    tracker = Csv(tmp_path / "logs" / "csv", TITLES)
    stopped(tmp_path / "told", tracker, 3, monkeypatch)
    assert learned(tmp_path / "told", tracker) == plain
    with open(tmp_path / "logs" / "csv" / f"pretrain-it-seed-0-{LEARN.identity}" / "metrics.csv") as file:
        rows = [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
    assert rows == [{"step": float(i)} | note for i, note in enumerate(plain)]
    assert len(rows) == LEARN.iterations
    assert bits(tmp_path / "told") == bits(tmp_path / "plain")


# The same, of event files; tensorboard reads them back.
def test_event_files_hold_every_step_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    tracker = TensorBoard(tmp_path / "logs", TITLES)
    stopped(tmp_path, tracker, 3, monkeypatch)
    plain = learned(tmp_path, tracker)
    events = accumulators.EventAccumulator(str(tmp_path / "logs" / called(LEARN, TITLES))).Reload()
    losses = events.Scalars("loss")
    assert [e.step for e in losses] == list(range(LEARN.iterations))
    assert [e.value for e in losses] == pytest.approx([note["loss"] for note in plain], rel=1e-6)


# The same, of a run that is kept to be sent later.
def test_a_run_is_kept_offline(tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    code = "from tests.test_trackers import *; from train.trackers import Wandb; learned(Path('.'), Wandb(Path('logs'), TITLES))"
    environment = os.environ | {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (kept,) = (tmp_path / "logs" / "wandb").glob(f"offline-run-*-{name(LEARN)}/run-{name(LEARN)}.wandb")
    assert b"gradient_norm" in kept.read_bytes()


# Broken if somebody had to wait for hours to learn that a package is missing, or were not told which.
@pytest.mark.parametrize("package", ["tensorboard", "wandb"])
def test_a_missing_package_is_said_before_anything_runs(package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = parsed(Run, ["--out", str(tmp_path), "--seeds", "1"]).request()
    monkeypatch.setattr("train.trackers.find_spec", {package: None}.get)
    with pytest.raises(ValueError, match=f"{package}, which is not installed: pip install {package}"):
        logged(asked, package)
    assert not list(tmp_path.iterdir())


# Broken if a logger changed what a stage is called, so that it would run again; or got names that nobody can tell apart.
def test_a_logger_is_no_part_of_the_results(tmp_path: Path) -> None:
    asked = parsed(Run, ["--out", str(tmp_path), "--seeds", "1"]).request()
    told = logged(asked, "csv")
    assert told.cells() == asked.cells()
    tracker = told.store.tracker
    assert isinstance(tracker, Csv)
    assert tracker.folder == tmp_path / "logs" / "csv"
    first = asked.cells()[0]["learn"]
    assert called(first, tracker.titles) == f"practise-present-below-outcome-seed-0-{first.identity}"
    assert called(LEARN, {}) == f"Learn-{LEARN.identity}"
