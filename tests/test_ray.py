"""The engine on Ray, two workers on this machine: equal bits, a worker that dies costs nothing, and Ctrl-C keeps what was done."""

import time
from pathlib import Path

import pytest

from analysis.running.engine import Care
from tests.test_engine import Counts, Dies, Plain, nothing, pressing, second
from tests.test_learn import RUNS, results
from tests.tiny import TINY
from train.stages.stage import closure
from train.stages.store import Store

pytest.importorskip("ray", reason="Ray is an extra: make ray")

from analysis.design.study import Setting
from analysis.running.on_ray import run_on_ray
from analysis.studies import grid
from tests.test_study import bits

pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own


# Broken if Ray's workers made other bits than ours; if one that died in the middle of learning lost what was learned, or changed a bit of
# it; if it were tried for ever; or if what stands on it ran.
def test_ray_comes_to_the_same_bits_and_a_dead_worker_costs_nothing(tmp_path: Path) -> None:
    labels = {"control": "none", "primitive": "present", "region": "at", "reward": "process"}
    cell = next(c for c in grid.STUDY.every(Setting(TINY, (0,), grid.STUDY.options)) if dict(c.labels) == labels)
    killed, twice = RUNS["rl"], Dies(2)
    here, there = Store(tmp_path / "here"), Store(tmp_path / "there", checkpoint_seconds=0.0)
    wanted = set(closure((*cell.stages, killed)))
    for stage in wanted:
        here.get(stage)
    there.root.mkdir()
    (there.root / "fuse").write_text("4 0 kill")  # SIGKILL in its fifth iteration
    state = run_on_ray((*cell.stages, killed, Plain(1, (twice,))), there, 2, second, nothing, Care(retries=1))
    assert state.done == wanted
    assert not (there.root / "fuse").exists()
    assert set(state.failed) == {twice, Plain(1, (twice,))}
    assert "worker died" in there.error(twice).read_text()
    assert results(there.path(killed)) == results(here.path(killed))
    assert {f: h for f, h in bits(there.root).items() if "Dies" not in f and not f.startswith("leases")} == bits(here.root)


# Broken if Ctrl-C lost what a stage had done, began another, or did not end; or if it were called an error.
def test_an_interrupt_keeps_what_was_done(tmp_path: Path) -> None:
    store, counts = Store(tmp_path), Counts(-1)
    with pressing(1, (tmp_path / "began -1").exists):
        state = run_on_ray((Plain(9, (counts,)),), store, 1, second, nothing, Care())
    assert state.stopped
    assert (state.done, state.waiting, state.failed) == (set(), {counts, Plain(9, (counts,))}, {})
    assert int((tmp_path / f"{counts!r}.draft" / "count.json").read_text()) > 0


# Broken if a limit counted the time in Ray's queue, or that in which a worker starts: it would kill what has not begun. And broken if there
# were no limit, or if what was killed by it were tried again.
def test_a_time_limit_counts_from_where_a_stage_begins(tmp_path: Path) -> None:
    store, hangs, queued = Store(tmp_path), Counts(-1), Plain(1)
    limit, watched = 1.0, list[float]()
    state = run_on_ray((hangs, queued), store, 1, second, lambda state: watched.append(time.monotonic()), Care(retries=5, time_limit=limit))
    assert (state.done, set(state.failed)) == ({queued}, {hangs})
    assert "took longer than the 1 s of --time-limit" in store.error(hangs).read_text()
    assert watched[-1] - watched[0] > limit
