"""A process that is suspended before an operation on files, past its lease, and wakes up when its heir has done everything."""

import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.field import PATIENCE, Field
from tests.faults.process import LOOK, Process
from tests.faults.small import CHECKPOINT_SECONDS, SCALE, cell
from train.stages.lease import Leases
from train.stages.stage import Stage, closure, name
from train.stages.store import Store

EVENTS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.listdir", "os.scandir", "os.truncate")


@dataclass(frozen=True)
class Holder:
    """Makes a stage, and stops itself before the operation with this number on files of the store; prints how many there were."""

    stage: Stage
    number: int = 0

    def __call__(self, out: Path) -> int:
        done, main = 0, threading.get_ident()

        def heard(event: str, given: tuple[object, ...]) -> None:
            nonlocal done
            if event in EVENTS and threading.get_ident() == main and str(given[0]).startswith(str(out)):
                done += 1
                if done == self.number:
                    os.kill(os.getpid(), signal.SIGSTOP)

        sys.addaudithook(heard)
        root = out / "stages"
        Store(root, SCALE.machine, CHECKPOINT_SECONDS, leases=Leases(root / "leases", beat=0.05, patience=0.3)).get(self.stage)
        print(f"operations: {done}")
        return 0


def suspended(field: Field, n: int) -> None:
    """Suspend the holder of each kind of stage at operations that lie evenly over all that it does."""
    kinds = {type(s).__name__ + str(len(s.upstream)): s for s in closure(cell(0).stages)}
    for i, stage in enumerate(kinds.values()):
        field.restore(name(stage))
        alone = field.start(Holder(stage))
        alone.wait(PATIENCE)
        operations = int(alone.said().rpartition("operations: ")[2])
        count = len(range(i, n, len(kinds)))
        for j in range(count):
            _suspend(field, stage, 1 + j * operations // count + field.chance.randrange(max(1, operations // count)))


def _suspend(field: Field, stage: Stage, number: int) -> None:
    kind = f"suspended: {type(stage).__name__}"
    field.restore(name(stage))
    field.look()
    field.keep()
    holder = field.start(Holder(stage, number))
    stopped = _stopped(holder)
    heir = field.start(Holder(stage))
    ends = [heir.wait(PATIENCE)]
    if stopped:
        os.kill(holder.pid, signal.SIGCONT)
    ends.append(holder.wait(PATIENCE))
    said = f"before operation {number}: {heir.said()[-2_000:]}\n{holder.said()[-2_000:]}"
    if ends != [0, 0]:
        field.tally.add(kind, 1, "hung" if None in ends else "unclear", f"{ends} {said}")
    elif left := [f.name for f in (field.stages / "leases").iterdir()]:
        field.tally.add(kind, 1, "litter", f"{left} {said}")
    else:
        field.compare(kind, 1, "ended equal", frozenset(), said)


def _stopped(process: Process) -> bool:
    """Wait until it has stopped itself; False where it has ended before."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        found = os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is not None:
            return found.si_code == os.CLD_STOPPED
        time.sleep(LOOK)
    return False
