"""kill -9: of workers, as the system does that is out of memory; of the parent; of one parent beside another."""

import os
import signal

from tests.faults.field import PATIENCE, Field
from tests.faults.process import Cold, Process, Warm

Command = Warm | Cold
PER_RUN = 4  # parents killed before one is left to end


def workers(field: Field, n: int) -> None:
    """Kill workers at random moments."""
    _workers(field, n, "worker killed", Warm(), (0.02, 0.7))


def parents(field: Field, n: int) -> None:
    """Kill parents at random moments, each with its workers or without."""
    _parents(field, n, "parent killed", Warm(), (0.1, 2.5))


def cold(field: Field, n: int) -> None:
    """Both, with processes as a user starts them: they may also die while they import."""
    _workers(field, n - n // 2, "worker killed (spawned)", Cold(), (0.5, 5.0))
    field.fresh()
    _parents(field, n // 2, "parent killed (spawned)", Cold(), (1.0, 15.0))


def _workers(field: Field, n: int, kind: str, command: Command, pause: tuple[float, float]) -> None:
    process, killed, done = field.start(command), 0, 0
    while done + killed < n:
        field.pause(*pause)
        if process.ended:
            field.judge(kind, killed)
            field.fresh()
            process, killed, done = field.start(command), 0, done + killed
        elif found := process.workers():
            field.look()
            os.kill(field.chance.choice(found), signal.SIGKILL)
            killed += 1
    process.wait(PATIENCE)
    field.judge(kind, killed)


def _kill(field: Field, process: Process) -> bool:
    """Kill a parent, alone or with its workers; False where it had ended."""
    if process.ended:
        return False
    field.look()
    (os.killpg if field.chance.random() < 0.5 else os.kill)(process.pid, signal.SIGKILL)
    process.wait(PATIENCE)
    return True


def _parents(field: Field, n: int, kind: str, command: Command, pause: tuple[float, float]) -> None:
    done = 0
    while done < n:
        killed = 0
        while killed < min(PER_RUN, n - done):
            process = field.start(command)
            field.pause(*pause)
            if not _kill(field, process):
                break
            killed += 1
        field.judge(kind, killed)
        field.fresh()
        done += killed


def one_of_two(field: Field, n: int) -> None:
    """Kill one of two parents that work on one folder."""
    kind, done = "one of two parents killed", 0
    while done < n:
        pair = field.start(), field.start()
        field.pause(0.1, 3.0)
        if _kill(field, pair[0]):
            done += 1
            _end(field, kind, pair[1])
        else:
            pair[1].wait(PATIENCE)
        field.fresh()


def two_parents(field: Field, n: int) -> None:
    """Two runs of one folder at once."""
    for _ in range(n):
        pair = field.start(), field.start()
        pair[0].wait(PATIENCE)
        if pair[0].status == 0:
            _end(field, "two parents", pair[1])
        else:
            pair[1].wait(PATIENCE)
            field.tally.add("two parents", 1, "unclear", f"status {pair[0].status}: {pair[0].said()[-2_000:]}")
        field.fresh()


def _end(field: Field, kind: str, process: Process) -> None:
    """A run beside which something happened must end as if nothing had."""
    if process.wait(PATIENCE) == 0:
        field.judge(kind, 1)
    else:
        field.tally.add(kind, 1, "hung" if process.status is None else "unclear", process.said()[-2_000:])
