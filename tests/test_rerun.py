"""A folder alone suffices to make its result again, and what differs is said file by file."""

import json
import platform
import shutil
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from analysis.cli.tables import show_rerun
from analysis.cli.verbs import Rerun
from analysis.measures.edge import Edge
from analysis.running.rerun import read_folder
from models import GPTConfig
from synthtasks.corpora import Corpus, Recipe
from synthtasks.families import Program
from synthtasks.primitives import ADD, MUL
from synthtasks.surfaces import Compact
from train.learn import Learn
from train.losses.imitate import Imitate
from train.policy import Fresh
from train.rl import Endless, Sampler
from train.sample import Sample
from train.score import Score
from train.stages.disk import write_json
from train.stages.machine import Machine
from train.stages.stage import closure
from train.stages.store import Store

FAMILY = Program(1, 2, (ADD, MUL), (ADD, MUL), modulus=3)
VOCAB = Compact().vocab(2, (ADD, MUL), 3)
LEARN = Learn(
    Fresh(GPTConfig(len(VOCAB), width=16, layers=1, heads=2, kv_heads=2, context=64), VOCAB),
    ((1.0, Imitate(Corpus((Recipe(1.0, FAMILY),)), 60)),),
    3,
)
EDGE = Edge(Score(LEARN, (FAMILY,), problems=4))
SAMPLE = Sample(LEARN, Endless(FAMILY), problems=2, sampler=Sampler(group=2))


@pytest.fixture
def stages(tmp_path: Path) -> Path:
    """A store that holds both."""
    store = Store(tmp_path / "stages", Machine(rows=32))
    store.get(EDGE)
    store.get(SAMPLE)
    return store.root


def said(folder: Path, out: Path) -> tuple[int, str]:
    text = StringIO()
    return show_rerun(folder, out, (), Console(width=200, file=text)), text.getvalue()


# Broken if a result could not be made again without the code that asked for it, or if equal bits were not seen to be equal.
@pytest.mark.parametrize("stage", [EDGE, SAMPLE], ids=str)
def test_a_result_is_made_again_from_its_folder(stage: Edge | Sample, stages: Path, tmp_path: Path) -> None:
    folder = stages / str(stage)
    assert read_folder(folder).machine == Machine(rows=32)
    status, text = said(folder, tmp_path / "again")
    assert status == 0
    assert "files are equal to the bit, 0 are not" in text
    assert "differs" not in text
    assert {p.name for p in (tmp_path / "again").iterdir()} == {"leases", *map(str, closure((stage,)))}


# Broken if a file that differs, one that is missing, or a stage that is gone, were passed over.
def test_what_differs_is_named(stages: Path, tmp_path: Path) -> None:
    score = stages / str(EDGE.scores)
    with np.load(score / "scores.npz") as file:
        arrays = dict(file)
    arrays["logp"][0, 0, 0] += 1e-9
    np.savez(score / "scores.npz", **arrays)
    (stages / str(EDGE) / "edge.json").unlink()
    shutil.rmtree(stages / str(LEARN.policy))
    status, text = said(stages / str(EDGE), tmp_path / "again")
    assert status == 1
    verdicts = {tuple(line.split()[:2]): line.split()[2:] for line in text.splitlines() if "-" in line}
    assert verdicts[str(EDGE.scores), "scores.npz"] == ["differs"]
    assert verdicts[str(EDGE), "edge.json"] == ["only", "here"]
    assert verdicts[str(EDGE), "stage.json"] == ["equal"]
    assert "2 are not, 1 stages are not there to compare with" in text


# Broken if looking made anything, or miscounted what would be made.
def test_looking_makes_nothing(stages: Path, tmp_path: Path) -> None:
    text = StringIO()
    assert not Rerun(stages / str(EDGE), tmp_path / "again", dry_run=True)(Console(file=text, width=200))
    assert text.getvalue().startswith("4 stages to make again, one at a time; the first time they took ")
    assert not (tmp_path / "again").exists()


# Broken if a result were compared with itself, or a renamed folder, or none, passed for one.
def test_mistakes_are_explained(stages: Path, tmp_path: Path) -> None:
    folder = stages / str(EDGE)
    with pytest.raises(ValueError, match="give another folder"):
        said(folder, stages)
    with pytest.raises(FileNotFoundError, match="is no folder of a result"):
        said(tmp_path, tmp_path / "again")
    renamed = folder.rename(folder.with_name("Edge-000000000000"))
    with pytest.raises(ValueError, match="and not Edge-000000000000"):
        said(renamed, tmp_path / "again")
    (renamed / "stage.json").write_text("{")
    with pytest.raises(ValueError, match=r"stage\.json cannot be read: .*Choose the folder of another"):
        said(renamed, tmp_path / "again")


# Broken if who reads a result could not tell later on what, and from which code, it was made; or could tell the host.
def test_a_run_says_its_circumstances(stages: Path) -> None:
    run = json.loads((stages / str(EDGE) / "run.json").read_text())
    assert {"cpu", "cores", "gpus", "os"} == set(run["host"])
    assert {"torch", "numpy"} <= set(run["versions"])
    assert run["machine"]["rows"] == 32
    assert run["commit"] is None or set(run["commit"]) == {"hash", "dirty"}
    write_json(stages / "copy.json", run)
    assert not platform.node() or platform.node() not in (stages / "copy.json").read_text()
