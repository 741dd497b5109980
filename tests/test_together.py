"""Several processes that learn as one come to what one comes to, and end together."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from analysis.running.engine import Care, run_stages
from tests.test_engine import nothing, second
from tests.test_learn import FRESH, OPTIM, PATIENCE, Alternate, imitate, ledger, metrics, practice, results, weights
from train.learn import Learn, Loss, Run, Update
from train.losses.practice import DAPO, GRPO
from train.stages.machine import Machine
from train.stages.stage import Interrupted
from train.stages.store import Store

TWO = Machine(devices=2)
CLOSE = 1e-5  # relative: what another order of adding up makes of the same numbers


@dataclass(frozen=True)
class Spare:
    """Carries loss in one process alone, or in none, by turns."""

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        yield Update(self._parts(run, iteration), {})

    def _parts(self, run: Run, iteration: int) -> Iterator[Tensor]:
        tokens = torch.full((1, 4), 1 + iteration)
        if run.share.index == iteration % 3 or (run.share.count == 1 and iteration % 3 != 2):
            yield run.model(tokens).square().mean()


@dataclass(frozen=True)
class Killed:
    """A loss under which one of the processes is killed, once, if `root/fuse` names it and the iteration; or raises an error."""

    loss: Loss

    def updates(self, run: Run, iteration: int) -> Iterator[Update]:
        fuse, pids = run.store.root / "fuse", run.store.root / "pids"
        if iteration == 2:
            with open(pids, "a") as file:
                print(os.getpid(), file=file)
        if run.share.index and iteration == 3 and (run.store.root / "deaf").exists():
            time.sleep(2 * PATIENCE)
        if fuse.exists() and fuse.read_text().startswith(f"{run.share.index} {iteration}"):
            how = fuse.read_text().split()[-1]
            fuse.unlink()
            if how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise ArithmeticError("no more")
        yield from self.loss.updates(run, iteration)


BOTH = Learn(
    FRESH,
    (
        (1.0, imitate(200)),
        (0.5, practice(replace(GRPO, kl=0.2), reward=Alternate(), problems=3)),
        (0.5, practice(DAPO, problems=3, seed=1)),
    ),
    6,
    OPTIM,
)
SPARE = Learn(FRESH, ((1.0, Spare()),), 6, OPTIM)
FRAGILE = Learn(FRESH, ((1.0, Killed(imitate())),), 6, OPTIM)


# Broken if the shares left something out or did it twice, if what is divided by were counted in one share alone, if other problems or
# words were drawn; if a process with nothing to learn kept the others waiting, or moved its weights by itself.
@pytest.mark.parametrize("learn", [BOTH, SPARE], ids=["both", "spare"])
def test_two_learn_what_one_learns(learn: Learn, tmp_path: Path) -> None:
    one, two = (Store(tmp_path / str(machine.devices), machine).get(learn) for machine in (Machine(), TWO))
    assert [set(m) for m in metrics(two)] == [set(m) for m in metrics(one)]
    for ours, theirs in zip(metrics(two), metrics(one), strict=True):
        assert ours == pytest.approx(theirs, rel=CLOSE, abs=1e-9)
    assert ledger(two) == ledger(one)
    for name, weight in weights(two).items():
        torch.testing.assert_close(weight, weights(one)[name], rtol=1e-4, atol=1e-6)


# Broken if a process that is killed or fails left the others alone, if nobody said why, or if what was learned until then were lost or
# came to other bits.
def test_when_one_ends_all_end_and_the_next_goes_on(tmp_path: Path) -> None:
    undisturbed = results(Store(tmp_path / "undisturbed", TWO).get(FRAGILE))
    store = Store(tmp_path, TWO, checkpoint_seconds=0.0)
    for fuse, why in (("1 2 kill", "process 2 of 2 was killed by SIGKILL"), ("1 4 raise", "(?s)process 2 of 2 failed:.*no more")):
        (tmp_path / "fuse").write_text(fuse)
        with pytest.raises(RuntimeError, match=why):
            store.get(FRAGILE)
        assert not (tmp_path / "fuse").exists()
    (tmp_path / "fuse").write_text("0 3 raise")  # would blow if the fourth iteration came again
    assert results(store.get(FRAGILE)) == undisturbed
    assert (tmp_path / "fuse").exists()


# Broken if who was asked to stop did not tell the others, or lost what was learned.
def test_they_stop_together_at_a_checkpoint(tmp_path: Path) -> None:
    stops = Store(tmp_path / "stops", TWO, checkpoint_seconds=1e9, stopping=lambda: True)
    for _ in range(2):
        with pytest.raises(Interrupted):
            stops.get(SPARE)
    folder = Store(tmp_path / "stops", TWO).get(SPARE)
    assert results(folder) == results(Store(tmp_path / "undisturbed", TWO).get(SPARE))


# Broken if the engine's workers could not have children, or if these outlived a worker that was killed.
def test_the_first_is_killed_and_all_end_with_it(tmp_path: Path) -> None:
    store = Store(tmp_path, TWO, checkpoint_seconds=0.0)
    (tmp_path / "fuse").write_text("0 3 kill")
    (tmp_path / "deaf").touch()  # the other does not hear of it where they would meet
    state = run_stages((FRAGILE,), store, 1, second, nothing, Care(retries=0))
    assert "SIGKILL" in state.failed[FRAGILE]
    pids = [int(line) for line in (tmp_path / "pids").read_text().split()]
    assert len(set(pids)) == 2
    until = time.monotonic() + PATIENCE
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
