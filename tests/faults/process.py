"""A run of the small study that faults can be injected into: a process of its own, in a session of its own, with workers below it."""

import fcntl
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from analysis.running import engine, workers
from analysis.running.engine import Care
from tests.faults.small import small

PIPE = 1 << 20  # bytes that a run may print before anybody reads them
LOOK = 0.01  # seconds between looks at whether it has ended
CARE = Care(retries=1_000, time_limit=60.0)


@dataclass(frozen=True)
class Warm:
    """The command, in a fork of a process that has imported everything, as its workers are of it: that spares 15 seconds of imports."""

    care: Care = CARE

    def __call__(self, out: Path) -> int:
        workers.CONTEXT = engine.CONTEXT = get_context("fork")  # type: ignore[assignment, attr-defined]
        return small(out, self.care)


@dataclass(frozen=True)
class Cold:
    """The command as a user starts it: an interpreter of its own, and one for each worker."""

    care: Care = CARE

    def __call__(self, out: Path) -> int:
        given = [str(out), str(self.care.time_limit), str(self.care.retries)]
        os.execv(sys.executable, [sys.executable, "-m", "tests.faults.small", *given])


WARM = Warm()


def nothing() -> None:
    """What is done first, where nothing is."""


class Process:
    """A run that was started; `status` is its exit status, once it has ended."""

    def __init__(self, command: Callable[[Path], int], out: Path, first: Callable[[], None] = nothing):
        sys.stdout.flush()
        self._printed, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE)
        self.pid = os.fork()
        if not self.pid:
            _become(command, out, first, writer)
        os.close(writer)
        os.set_blocking(self._printed, False)
        self.status: int | None = None

    @property
    def ended(self) -> bool:
        """Whether it has."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status is not None

    def wait(self, seconds: float) -> int | None:
        """Its status, after so many seconds at most; whoever takes longer hangs, and is killed."""
        until = time.monotonic() + seconds
        while not self.ended:
            if time.monotonic() > until:
                os.killpg(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                return None
            time.sleep(LOOK)
        return self.status

    def said(self) -> str:
        """What it printed; ask once."""
        with open(self._printed, "rb") as printed:
            return (printed.read() or b"").decode()

    def workers(self) -> list[int]:
        """The processes that run its stages."""
        try:
            below = [int(c) for c in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
            lines = {c: Path(f"/proc/{c}/cmdline").read_bytes() for c in below}
        except OSError:
            return []  # one ended meanwhile
        ours = Path(f"/proc/{self.pid}/cmdline").read_bytes()
        return [c for c, line in lines.items() if line == ours or b"spawn_main" in line]


def _become(command: Callable[[Path], int], out: Path, first: Callable[[], None], writer: int) -> None:
    status = 70
    try:
        os.setsid()
        os.dup2(writer, 1)
        os.dup2(writer, 2)
        first()
        status = command(out)
    except BaseException:  # the end of this process, whatever it is
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)
