"""Leases: locks in files, among processes and machines that share a folder. A stale lock is taken over safely.

A lease is a file that is created with O_EXCL, which only one process can do, on shared file systems too. Its holder writes a heartbeat, a
rising number, into it. A waiter trusts only its own clock: if the number does not change for `patience` seconds of the waiter's monotonic
clock, the lease is stale. The death of a holder on the waiter's own machine is seen at once.

To take over, a waiter creates the heir's file, whose name has the token of the lease before it. One waiter wins, and the last heir of the
chain holds the lease. A holder that was wrongly taken for dead finds its heir when it checks, and stops.

The content of a lease is not trusted: it must have the form written here, since a token becomes part of a file name.
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

BEAT = 5.0  # seconds between heartbeats
PATIENCE = 60.0  # seconds without a heartbeat after which a lease is stale
SHORTEST, LONGEST = 0.05, 1.0  # seconds between attempts
DIGITS = 20  # of the heartbeat: a fixed width, so that it is overwritten in place
UNWRITTEN = "unwritten"  # ends the token of a lease whose holder died between creating and writing it
TOKEN = re.compile(r"[0-9A-Za-z]{1,64}")
LARGEST = 4_096  # bytes of a lease
Got = TypeVar("Got")
HEIRS = 100  # of one lease, at most


class Lost(RuntimeError):
    """Another process has taken this lease over."""


@dataclass(frozen=True)
class Holder:
    """A process, identified uniquely for all time."""

    host: str
    space: str  # in which process numbers are unique: this machine since its boot, and the container
    pid: Annotated[int, From(0, 2**31 - 1)]
    started: str  # by the clock of that space: tells it from a later process with the same number
    token: str

    def __post_init__(self) -> None:
        check(self)
        if not TOKEN.fullmatch(self.token):
            raise ValueError(f"a token is made of up to 64 letters and digits; found {self.token!r}")

    @property
    def dead(self) -> bool:
        """True if the process is known to have ended; False if that cannot be known from here."""
        return bool(self.space) and self.space == _space() and _ended(self.pid, self.started)


@dataclass(frozen=True)
class Sight:
    """The content of a lease when it was read."""

    holder: Holder
    number: int


class Lease:
    """The right to work on something, until it is released. Use it in `with`.

    `contested` is true if a former holder may still be alive: files that it can reach by their path must be moved.
    """

    def __init__(self, folder: Path, name: str, file: int, sight: Sight, former: tuple[Holder, ...], beat: float):
        self.folder, self.name, self.token, self.former = folder, name, sight.holder.token, former
        self.contested = not all(h.dead for h in former)
        self._file, self._number, self._beat = file, sight.number, beat
        self._over = threading.Event()
        self._heart = threading.Thread(target=self._live, daemon=True)

    def check(self) -> None:
        """Check that this process still holds the lease.

        Raises:
            Lost: if it is not.
        """
        chain = _chain(self.folder, self.name)
        if not chain or chain[-1].holder.token != self.token:
            by = f"process {chain[-1].holder.pid} on {chain[-1].holder.host} took it over" if chain else "it was released meanwhile"
            fault = (
                f"{self.folder / self.name}: this process was silent for too long (suspended, or cut off from the file system), and {by}"
            )
            raise Lost(f"{fault}. Its draft is discarded, but the other process continues from its checkpoint. Run the same command again.")

    def __enter__(self) -> "Lease":
        self._heart.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Release the lease. After a loss, other errors are only its consequence (the draft was moved), so `Lost` is raised instead."""
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
            remove(file)  # the first file first: without it there is no chain

    def _withdraw(self) -> None:
        """Remove the file of a lost lease, unless an heir follows it."""
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
                continue  # the file system may be away for a moment; if for longer, `check` notices


def insist(attempt: Callable[[], Got | None]) -> Got:
    """The result of an attempt, as soon as there is one. Attempts are made ever less often."""
    pause = SHORTEST
    while (got := attempt()) is None:
        time.sleep(pause)
        pause = min(2 * pause, LONGEST)
    return got


@dataclass
class Leases:
    """The leases in a folder, as seen by one process."""

    folder: Path
    beat: float = BEAT
    patience: float = PATIENCE
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, tuple[int, float]] = field(default_factory=dict)  # the last number, and when it was first seen

    def attempt(self, name: str) -> Lease | None:
        """Acquire the lease called `name`; None if its holder may be alive. Repeated attempts find out whether it is stale.

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
            return None  # another process was first
        mine = Sight(Holder(platform.node(), _space(), os.getpid(), _started(os.getpid()), uuid4().hex[:12]), 0)
        try:
            _write(descriptor, f"{0:0{DIGITS}d}\n{json.dumps(asdict(mine.holder))}\n".encode())
        except OSError:
            os.close(descriptor)
            file.unlink(missing_ok=True)  # or all would wait for a holder that does not exist
            raise
        lease = Lease(self.folder, name, descriptor, mine, former, self.beat)
        try:
            lease.check()
        except Lost:  # the holder was alive, and released the chain meanwhile
            os.close(descriptor)
            file.unlink(missing_ok=True)
            return None
        return lease

    def wait(self, name: str) -> Lease:
        """Acquire the lease called `name`, waiting for it."""
        return insist(lambda: self.attempt(name))

    def holder(self, name: str) -> Holder | None:
        """The process that holds the lease called `name`, if any."""
        chain = _chain(self.folder, name)
        return chain[-1].holder if chain else None

    def names(self) -> Iterator[str]:
        """The names of all leases that are held, or stale."""
        return (f.name for f in self.folder.iterdir() if "." not in f.name) if self.folder.exists() else iter(())

    def forget(self, name: str) -> None:
        """Remove a stale lease that nobody needs any more."""
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
            fault = f"{file} was written by no holder: the heirs of {folder / name} go in a circle, or are more than {HEIRS}"
            raise ValueError(f"{fault}. Once nobody is at work there, remove {folder}; the same command goes on from there.")
        chain.append(sight)
        tokens.add(sight.holder.token)
    return chain


def _read(file: Path) -> Sight | None:
    """The content of a lease; None if there is none."""
    try:
        number, holder = _text(file).split("\n")[:2]
        return Sight(Holder(**json.loads(holder)), int(number))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, RecursionError):
        return Sight(Holder("", "", 0, "", (file.suffix[1:] + UNWRITTEN)[-64:]), 0)  # not its own name, so that an heir can follow


def _text(file: Path) -> str:
    """The text of a lease; "" if it is no regular file but a link or a pipe."""
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
    """Write all of `data`, and sync it to the disk.

    Raises:
        OSError: if there is no room for all of it.
    """
    if os.write(file, data) < len(data):
        raise OSError(ENOSPC, os.strerror(ENOSPC))
    os.fsync(file)


def _space() -> str:
    """The boot and the container in which process numbers are unique; "" if the machine does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip() + " " + str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _started(pid: int) -> str:
    """The start of a process, in ticks since boot; "" if it has ended, or the machine does not tell."""
    status = _status(pid)
    return status[19] if status else ""


def _ended(pid: int, started: str) -> bool:
    """True if the process is known to have ended; it may still be a zombie."""
    if status := _status(pid):
        return status[0] in "ZX" or status[19] != started
    try:
        os.kill(pid, 0)  # signal 0 only asks; /proc may hide the processes of other users
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _status(pid: int) -> list[str]:
    """The fields of /proc/pid/stat after the name of the process (`man proc`); the name may contain anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
