"""The small study of the fault campaign, in this process: what is damaged is found by the same command, and its report is never stale."""

import io
import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from rich.console import Console

from analysis.cli.command import run
from analysis.design.study import Setting
from analysis.running.agenda import Agenda, State
from analysis.running.engine import Care
from analysis.running.plan import make_plan, probe
from analysis.running.shard import Shard
from tests.faults.small import SCALE, STUDY, Hasty, cell
from tests.test_artifacts import files_of_at_most
from tests.test_study import bits
from train.stages.disk import Unwritable
from train.stages.stage import Stage, closure
from train.stages.store import Store

FOLDER = Hasty(STUDY, Setting(SCALE, (0, 1)), {}, Path(), 1).name


def here(
    stages: Sequence[Stage], store: Store, jobs: int, cost: Callable[[Stage], float], watch: Callable[[State], None], care: Care
) -> State:
    """Runs stages in this process."""
    for stage in closure(stages):
        store.get(stage)
    return State(done=set(stages))


def command(out: Path, *seeds: int) -> str:
    """Run the study to its end; what it said."""
    said = io.StringIO()
    assert run(Hasty(STUDY, Setting(SCALE, seeds), {}, out, 1), Console(file=said, width=200), Care(), Shard(), here) == 0
    return said.getvalue()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a run that nothing happened to."""
    out = tmp_path_factory.mktemp("undisturbed")
    command(out, 0, 1)
    return out


# Broken if damage to what measuring does not read (weights of the base) or to facts and findings stayed, or if a run
# for which nothing is left to do touched what is whole.
def test_the_same_command_finds_whatever_is_damaged(undisturbed: Path, tmp_path: Path) -> None:
    shutil.copytree(undisturbed, tmp_path, dirs_exist_ok=True)
    one = cell(0)
    stages, again = tmp_path / "stages", {str(one["base"])}
    file = stages / str(one["base"]) / "policy.safetensors"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 128  # a bit: the size stays
    file.write_bytes(data)
    assert {str(s) for s in Agenda(one.stages, Store(stages), lambda s: 1.0).state.waiting} == again
    assert {str(s) for s in make_plan(one.stages, 1, Store(stages), 1).missing} == again
    before = {f: f.stat().st_mtime_ns for f in stages.glob("*-*/run.json")}
    command(tmp_path, 0, 1)
    found = bits(tmp_path)
    assert {f: h for f, h in found.items() if not f.startswith("stages/aside/")} == bits(undisturbed)
    assert {f.parent.name for f, made in before.items() if f.stat().st_mtime_ns != made} == again
    assert {f.split("/")[2].partition(".")[0] for f in found if f.startswith("stages/aside/")} == again
    for name in ("facts.jsonl", "findings.json", "setting.json", "stages.json"):
        os.truncate(tmp_path / FOLDER / name, 20)
        assert ("nothing to do" in command(tmp_path, 0, 1)) == (name != "stages.json")
        assert bits(tmp_path) == found


# Broken if a run that was killed before its report, or another number of seeds, were answered with the report of another run.
def test_the_report_is_that_of_the_stages_that_are_there(undisturbed: Path, tmp_path: Path) -> None:
    shutil.copytree(undisturbed, tmp_path, dirs_exist_ok=True)
    for seeds in ((0,), (0, 1)):
        assert "nothing to do" not in command(tmp_path, *seeds)
        assert f"{len(seeds)} cell" in (tmp_path / FOLDER / "report.html").read_text()
        assert {json.loads(line)["seed"] for line in (tmp_path / FOLDER / "facts.jsonl").read_text().splitlines()} == set(seeds)
        assert "nothing to do" in command(tmp_path, *seeds)


# Broken if a full disk for temporary files were answered with the advice to put the results elsewhere.
def test_no_room_to_measure_the_machine_is_told_apart(tmp_path: Path) -> None:
    with files_of_at_most(100), pytest.raises(Unwritable, match=r"cannot be written.*to measure this machine.*TMPDIR"):
        probe(cell(0)["before"], Store(tmp_path))
