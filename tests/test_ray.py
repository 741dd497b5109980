"""The engine on Ray: `make ray`. Two workers on this machine; equal bits, and a worker that dies costs nothing."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from analysis.engine import Care, run_stages
from tests.test_engine import nothing, second
from tests.tiny import TINY
from train.stage import Stage, closure
from train.store import Store

pytest.importorskip("ray", reason="Ray is an extra: make ray")

from analysis.on_ray import run_on_ray
from analysis.studies import grid
from analysis.study import Setting
from tests.test_study import bits


@dataclass(frozen=True, eq=False, repr=False)
class Interruptible(Stage):
    """Dies in the middle, as often as it is told to; an heir goes on with what it left."""

    deaths: int
    part: Stage | None = None

    def run(self, out: Path, store: Store) -> None:
        with open(out / "attempts", "a") as file:
            print("attempt", file=file)
        if len((out / "attempts").read_text().splitlines()) <= self.deaths:
            os.kill(os.getpid(), signal.SIGKILL)


# Broken if Ray's workers made other bits than ours, or if anything of a cluster were left behind.
@pytest.mark.filterwarnings("ignore")
def test_ray_comes_to_the_same_bits_and_a_dead_worker_costs_nothing(tmp_path: Path) -> None:
    cell = grid.cell(Setting(TINY, ("mul",), (0,)), 0, {"primitive": "present", "region": "at", "reward": "process"})
    here, there = Store(tmp_path / "here"), Store(tmp_path / "there")
    for store, engine in ((here, run_stages), (there, run_on_ray)):
        state = engine(cell.stages(), store, 2, second, nothing, Care())
        assert state.done == set(closure(cell.stages()))
    assert bits(here.root) == bits(there.root)
    once, twice = Interruptible(1), Interruptible(2)
    above = Interruptible(0, twice)
    state = run_on_ray((once, above), there, 2, second, nothing, Care(retries=1))
    assert state.done == {once}
    assert (there.path(once) / "attempts").read_text() == "attempt\n" * 2
    assert set(state.failed) == {twice, above}
    assert "worker died" in there.error(twice).read_text()
