"""Who is at work on what, among processes and machines that share a folder: leases, in files of their own.

A lease is a file that is created with O_EXCL, which one process alone can do, on shared file systems too. Its holder counts up a number in
it. A waiter believes no clock but its own: a number that has stood still while the waiter's monotonic clock moved on by `patience` seconds
is that of a holder which fell silent. A holder that died on the waiter's own machine is recognised at once.

Taking over means creating the heir's file, which bears the token of the lease it follows: of several waiters one wins, and who holds the
lease is the end of the chain of heirs. A holder that was taken for dead finds its heir there when it looks, and stops.

What a lease says is believed only as far as it has the form that is written here: a token becomes part of the name of a file.
"""

import json
import os
import platform
import re
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from errno import ELOOP, ENOSPC, ENXIO
from pathlib import Path
from types import TracebackType
from typing import Annotated, TypeVar
from uuid import uuid4

from synthtasks.checked import From, check
from train.stages.disk import own_folder, remove

BEAT = 5.0  # seconds between two numbers
PATIENCE = 60.0  # seconds that a number may stand still before its holder is taken for dead
SHORTEST, LONGEST = 0.05, 1.0  # seconds between looks at what somebody else is at
DIGITS = 20  # of the number, so that it is written over in place
UNWRITTEN = "unwritten"  # ends the token of a lease whose holder died, or was suspended, between creating and writing it
TOKEN = re.compile(r"[0-9A-Za-z]{1,64}")
LARGEST = 4_096  # bytes of a lease
Got = TypeVar("Got")
HEIRS = 100  # of one lease, at most: each came after one that had fallen silent


class Lost(RuntimeError):
    """A lease that was held has gone to somebody else."""


@dataclass(frozen=True)
class Holder:
    """A process, named so that no other is, nor will be."""

    host: str
    space: str  # within which a process is known by its number: this machine since it was started, and the container
    pid: Annotated[int, From(0, 2**31 - 1)]
    started: str  # by the clock of that space: a number that is used again means another process
    token: str

    def __post_init__(self) -> None:
        check(self)
        if not TOKEN.fullmatch(self.token):
            raise ValueError(f"a token is made of up to 64 letters and digits; found {self.token!r}")

    @property
    def dead(self) -> bool:
        """Whether the process is known to have ended; False where that cannot be known from here."""
        return bool(self.space) and self.space == _space() and _ended(self.pid, self.started)


@dataclass(frozen=True)
class Sight:
    """What a lease said when it was read."""

    holder: Holder
    number: int


class Lease:
    """The right to work on something, until it is released. Use it in `with`.

    `contested` says that a former holder may be alive and about to wake up: what it can reach by a path must move away.
    """

    def __init__(self, folder: Path, name: str, file: int, sight: Sight, former: tuple[Holder, ...], beat: float):
        self.folder, self.name, self.token, self.former = folder, name, sight.holder.token, former
        self.contested = not all(h.dead for h in former)
        self._file, self._number, self._beat = file, sight.number, beat
        self._over = threading.Event()
        self._heart = threading.Thread(target=self._live, daemon=True)

    def check(self) -> None:
        """Make sure that the lease is still held.

        Raises:
            Lost: if it is not.
        """
        chain = _chain(self.folder, self.name)
        if not chain or chain[-1].holder.token != self.token:
            by = f"process {chain[-1].holder.pid} on {chain[-1].holder.host} took it over" if chain else "it was released meanwhile"
            raise Lost(
                f"{self.folder / self.name}: this process was silent for too long (suspended, or cut off from the file system), and {by}. "
                "What it made is thrown away; nothing is lost, since the other goes on from its checkpoint. Run the same command again."
            )

    def __enter__(self) -> "Lease":
        self._heart.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Release it. If it is lost, an error is a consequence of that: what this process was at has been moved away."""
        self._over.set()
        self._heart.join()
        os.close(self._file)
        try:
            self.check()
        except Lost:
            self._withdraw()
            if isinstance(error, Exception) and not isinstance(error, Lost):
                raise
            return
        for file in (self.folder / self.name, *(self.folder / f"{self.name}.{h.token}" for h in self.former)):
            remove(file)  # the first one first: without it there is no chain

    def _withdraw(self) -> None:
        """Remove the file of a lease that is lost, unless heirs come after it."""
        file = self.folder / (f"{self.name}.{self.former[-1].token}" if self.former else self.name)
        mine, chain = _read(file), _chain(self.folder, self.name)
        if mine is not None and mine.holder.token == self.token and self.token not in [s.holder.token for s in chain]:
            file.unlink(missing_ok=True)

    def _live(self) -> None:
        while not self._over.wait(self._beat):
            self._number += 1
            try:
                os.pwrite(self._file, f"{self._number:0{DIGITS}d}".encode(), 0)
                os.fsync(self._file)
            except OSError:
                continue  # a file system that is away for a moment; if for longer, `check` says so


def insist(attempt: Callable[[], Got | None]) -> Got:
    """The result of an attempt, as soon as there is one. Attempts are made ever less often."""
    pause = SHORTEST
    while (got := attempt()) is None:
        time.sleep(pause)
        pause = min(2 * pause, LONGEST)
    return got


@dataclass
class Leases:
    """The leases in a folder, as one process sees them."""

    folder: Path
    beat: float = BEAT
    patience: float = PATIENCE
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, tuple[int, float]] = field(default_factory=dict)  # a number, and since when it stands there

    def attempt(self, name: str) -> Lease | None:
        """The lease called `name`, unless somebody who may be alive holds it. Ask again later: who fell silent is told by that.

        Raises:
            OSError: if there is no room for it.
            ValueError: if the lease is its own heir, which no holder has written.
        """
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        own_folder(self.folder)
        chain = _chain(self.folder, name)
        former = tuple(s.holder for s in chain)
        if chain and not (former[-1].dead or self._silent(name, chain[-1])):
            return None
        file = self.folder / (f"{name}.{former[-1].token}" if chain else name)
        try:
            descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        except FileExistsError:
            return None  # another was quicker
        mine = Sight(Holder(platform.node(), _space(), os.getpid(), _started(os.getpid()), uuid4().hex[:12]), 0)
        try:
            _write(descriptor, f"{0:0{DIGITS}d}\n{json.dumps(asdict(mine.holder))}\n".encode())
        except OSError:
            os.close(descriptor)
            file.unlink(missing_ok=True)  # or all would wait for a holder that nobody is
            raise
        lease = Lease(self.folder, name, descriptor, mine, former, self.beat)
        try:
            lease.check()
        except Lost:  # the chain ended elsewhere meanwhile: its holder was alive, and released it
            os.close(descriptor)
            file.unlink(missing_ok=True)
            return None
        return lease

    def wait(self, name: str) -> Lease:
        """The same, as soon as it can be had."""
        return insist(lambda: self.attempt(name))

    def holder(self, name: str) -> Holder | None:
        """Who holds the lease called `name`."""
        chain = _chain(self.folder, name)
        return chain[-1].holder if chain else None

    def names(self) -> Iterator[str]:
        """What somebody holds, or held when it died."""
        return (f.name for f in self.folder.iterdir() if "." not in f.name) if self.folder.exists() else iter(())

    def forget(self, name: str) -> None:
        """Remove what the dead left of a lease that nobody needs any more."""
        if (lease := self.attempt(name)) is not None:
            with lease:
                pass

    def _silent(self, name: str, sight: Sight) -> bool:
        now, lease = self.clock(), f"{name}.{sight.holder.token}"
        number, since = self._seen.get(lease, (-1, now))
        if number != sight.number:
            since = now
        self._seen[lease] = sight.number, since
        return now - since > self.patience


def _chain(folder: Path, name: str) -> list[Sight]:
    """The lease called `name`, its heir, the heir's heir, and so on.

    Raises:
        ValueError: if this does not end.
    """
    chain: list[Sight] = []
    tokens: set[str] = set()
    while (sight := _read(file := folder / (f"{name}.{chain[-1].holder.token}" if chain else name))) is not None:
        if sight.holder.token in tokens or len(chain) == HEIRS:
            raise ValueError(
                f"{file} was written by no holder: the heirs of {folder / name} go in a circle, or are more than {HEIRS}. "
                f"Once nobody is at work there, remove {folder}; the same command goes on from there."
            )
        chain.append(sight)
        tokens.add(sight.holder.token)
    return chain


def _read(file: Path) -> Sight | None:
    """What a lease says; None where there is none."""
    try:
        number, holder = _text(file).split("\n")[:2]
        return Sight(Holder(**json.loads(holder)), int(number))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, RecursionError):
        return Sight(Holder("", "", 0, "", (file.suffix[1:] + UNWRITTEN)[-64:]), 0)  # its heir has another name than itself


def _text(file: Path) -> str:
    """The text of a lease; "" where something else lies there than a file, as a link or a pipe."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as reason:
        if reason.errno in (ELOOP, ENXIO):
            return ""
        raise
    try:
        return os.read(descriptor, LARGEST).decode() if stat.S_ISREG(os.fstat(descriptor).st_mode) else ""
    finally:
        os.close(descriptor)


def _write(file: int, data: bytes) -> None:
    """Put all of it on the disk.

    Raises:
        OSError: if there is no room for all of it.
    """
    if os.write(file, data) < len(data):
        raise OSError(ENOSPC, os.strerror(ENOSPC))
    os.fsync(file)


def _space() -> str:
    """What makes the number of a process mean one process: "" where the machine does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip() + " " + str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When a process began, in ticks since the machine did; "" where it is gone, or the machine does not tell."""
    status = _status(pid)
    return status[19] if status else ""


def _ended(pid: int, started: str) -> bool:
    """Whether the process is known to have ended, buried by its parent or not."""
    if status := _status(pid):
        return status[0] in "ZX" or status[19] != started
    try:
        os.kill(pid, 0)  # harms nobody; a machine may hide from its users what the others run
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _status(pid: int) -> list[str]:
    """The fields of a process from its state on (`man proc`, /proc/pid/stat), after its name, which may hold anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
