"""What a run cannot go on with: a disk that is full, a folder that must not be written, a stage that raises, hangs or needs
too much memory. It must say so, and go on when that is mended."""

import os
import re
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.running.engine import Care
from tests.faults.field import PATIENCE, Field
from tests.faults.process import Process, Warm, nothing
from tests.faults.small import cell
from train.stages.stage import closure

ROOM = re.compile("Make room")
WRITABLE = re.compile("Make the folder writable")
MENDED = {
    "raise": re.compile("ArithmeticError.*Once the cause is mended", re.S),
    "hang": re.compile("--time-limit.*Once the cause is mended", re.S),
    "memory": re.compile("fewer --jobs.*Once the cause is mended", re.S),
}
CARES = {"raise": Care(), "hang": Care(time_limit=3.0), "memory": Care(retries=1)}
LIMITS = (20, 3_000, 12_000, 40_000)  # bytes a file may have; all but checkpoints have less than the last
SIZES = (48, 128, 256, 384)  # KiB of a disk; the results take 500


def refused(field: Field, process: Process, kind: str, way_out: re.Pattern[str], mend: Callable[[], object], faults: int = 1) -> None:
    """A run that cannot go on must say why; once that is mended, it must."""
    status, said = process.wait(PATIENCE), process.said()
    mend()
    if status is None:
        field.tally.add(kind, faults, "hung", said[-2_000:])
    elif status == 0 or not field.clear(said, way_out):
        field.tally.add(kind, faults, "unclear", f"status {status}: {said[-2_000:]}")
    else:
        field.judge(kind, faults, "clear error")


def full(field: Field, n: int) -> None:
    """No room: files may have so many bytes and no more; or the disk has so many."""
    mounts = _mounts(field, "disk full (small disk)")
    for i in range(n):
        field.fresh()
        if i % 2 or not mounts:
            field.restore(*seed_one(field))  # half is there, so that no machine is measured elsewhere
            limit = LIMITS[i // 2 % len(LIMITS)]
            process = field.start(first=lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))  # type: ignore[misc]
            refused(field, process, "disk full (limit of a file)", ROOM, nothing)
        else:
            with disk(field, SIZES[i // 2 % len(SIZES)]):
                refused(field, field.start(), "disk full (small disk)", ROOM, lambda: remount(field, "size=64m"))


def seed_one(field: Field) -> list[str]:
    """The names of the stages that the second of the two seeds needs."""
    return [str(s) for s in closure(cell(1).stages)]


def read_only(field: Field, n: int) -> None:
    """A folder in which nothing can be written, from the start or from some moment on."""
    ways: dict[str, Callable[[Field], None]] = {}
    if os.getuid() == 0:
        if _immutable(field):
            ways["folder immutable"] = immutable
        if _mounts(field, "disk read-only"):
            ways["disk read-only"] = read_only_disk
        field.tally.skipped.append("folder read-only (chmod): does not bind root; run as another user")
    else:
        ways["folder read-only (chmod)"] = forbidden
    for i in range(n if ways else 0):
        field.fresh()
        list(ways.values())[i % len(ways)](field)


def immutable(field: Field) -> None:
    """`chattr +i` in the middle of a run."""
    process = field.start()
    while not any(field.stages.glob("*.draft")):
        field.pause(0.0, 0.02)
    field.pause(0.0, 0.5)
    subprocess.run(["chattr", "+i", field.stages], check=True)
    refused(field, process, "folder immutable", WRITABLE, lambda: subprocess.run(["chattr", "-i", field.stages], check=True))


def read_only_disk(field: Field) -> None:
    """A disk that is mounted read-only after a run was killed."""
    with disk(field, 65_536):
        process = field.start()
        field.pause(0.3, 2.0)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE)
        remount(field, "ro")
        refused(field, field.start(), "disk read-only", WRITABLE, lambda: remount(field, "rw"))


def forbidden(field: Field) -> None:
    """A folder that its owner must not write, for a user whom that binds."""
    field.stages.mkdir(parents=True)
    field.stages.chmod(0o555)
    refused(field, field.start(), "folder read-only (chmod)", WRITABLE, lambda: field.stages.chmod(0o755))


def stages(field: Field, n: int) -> None:
    """Stages that raise, hang, or are killed as often as they are tried: each fails, and the rest is made."""
    done = i = 0
    while done < n:
        what = list(CARES)[i % len(CARES)]
        field.fresh()
        field.out.mkdir()
        fault = field.out / "fault"
        fault.write_text(what)
        process = field.start(Warm(CARES[what]))
        refused(field, process, {"memory": "out of memory"}.get(what, f"stage that {what}s"), MENDED[what], fault.unlink, 2)
        done, i = done + 2, i + 1


@contextmanager
def disk(field: Field, size: int) -> Iterator[None]:
    """A disk of its own, of so many KiB."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", field.disk], check=True)
    try:
        yield
    finally:
        field.fresh()
        subprocess.run(["umount", "-l", field.disk], check=True)


def remount(field: Field, how: str) -> None:
    """Change a disk that is mounted, once nobody is at it who was just killed."""
    while subprocess.run(["mount", "-o", f"remount,{how}", field.disk], capture_output=True).returncode:
        field.pause(0.05, 0.1)


def _mounts(field: Field, what: str) -> bool:
    """Whether a disk can be mounted here."""
    try:
        with disk(field, 64):
            return True
    except (OSError, subprocess.CalledProcessError) as reason:
        field.tally.skipped.append(f"{what}: no disk can be mounted here ({reason})")
        return False


def _immutable(field: Field) -> bool:
    """Whether a folder can be made immutable here."""
    trial = Path(field.disk / "trial")
    trial.mkdir()
    if shutil.which("chattr") is None or subprocess.run(["chattr", "+i", trial], capture_output=True).returncode:
        field.tally.skipped.append("folder immutable: `chattr +i` does not work here")
        trial.rmdir()
        return False
    subprocess.run(["chattr", "-i", trial], check=True)
    trial.rmdir()
    return True
