"""Seals: checksums that tell whether a finished folder still holds what was written. No name in a seal leads out of its folder."""

import hashlib
import os
import re
import stat
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from errno import ENOENT
from functools import lru_cache
from pathlib import Path, PurePosixPath

from train.stages.reading import a_count, a_text, an_object, read_object, reading, shown
from train.stages.stage import Undefined

SEAL = "checksums.json"
REASON = "undefined.json"  # takes the place of results, if a stage has no answer
VARYING = frozenset({"run.json", SEAL})  # files that differ between equal runs: circumstances, and what holds their checksum
SCHEMA = 1  # of the seal
CHUNK = 1 << 20  # bytes that are read at a time
FRESH = 2_000_000_000  # nanoseconds: file systems keep times in ticks of up to two seconds
# files that editors, desktops and network file systems leave in a folder, by their path in it
FOREIGN = re.compile(r"(^|/)(\.|__MACOSX/|#[^/]*#$|Thumbs\.db$|desktop\.ini$)|(~|\.swp|\.bak|\.tmp|\.copy)$")


class Damaged(Exception):
    """A file on disk differs from what was written. The message says which file, and how."""


@dataclass(frozen=True)
class File:
    """Size and checksum of a file when it was written."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Seal:
    """Record of a finished folder: the meaning of its stage (`Stage.meaning`), and its files by name."""

    meaning: str
    files: Mapping[str, File]

    def record(self) -> dict[str, object]:
        """As JSON; `read_seal` inverts it."""
        return {"schema": SCHEMA, "meaning": self.meaning, "files": {name: vars(file) for name, file in self.files.items()}}


def sealed(folder: Path, meaning: str, writes: Sequence[str] = ()) -> Seal:
    """Seal a folder as it is now: the files in `writes`, or, if none is named, all but foreign ones.

    Raises:
        Damaged: if one that was to be written is missing, or is no file but a link.
    """
    found = [f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file() and not f.is_symlink()]
    if missing := sorted(set(writes).difference(found)):
        raise Damaged(f"{folder / missing[0]} is missing, which was to be written: it was removed meanwhile, or its stage does not")
    names = sorted(writes or (f for f in found if f != SEAL and not FOREIGN.search(f)))
    return Seal(meaning, {name: File((folder / name).stat().st_size, digest(folder / name)) for name in names})


def read_seal(folder: Path) -> Seal:
    """The seal of a finished folder. The size of every file is checked.

    Raises:
        Damaged: if the seal is missing or cannot be read, or a file is missing or has another size.
    """
    with reading(folder / SEAL, error=Damaged):
        record = read_object(folder / SEAL)
        if record["schema"] != SCHEMA:
            raise ValueError(f"it has schema {record['schema']}; this version reads {SCHEMA}")
        seal = Seal(a_text(record["meaning"]), {_inside(name): _file(facts) for name, facts in an_object(record["files"]).items()})
    for name, file in seal.files.items():
        _check(folder / name, "bytes", file.bytes, lambda path: path.stat().st_size)
    return seal


def check_content(folder: Path, seal: Seal) -> None:
    """Check the content of every file of a finished folder. A file that was not touched since this process read it is not read again.

    Raises:
        Damaged: if a file does not hold what it held when it was written.
    """
    for name, file in seal.files.items():
        _check(folder / name, "sha256", file.sha256, digest)


def _check(path: Path, what: str, then: object, read: Callable[[Path], object]) -> None:
    with reading(path, error=Damaged):
        now = read(path)
    if now != then:
        raise Damaged(f"{shown(path)} was changed after it was written ({what} {now}, not {then})")


def _file(value: object) -> File:
    facts = an_object(value)
    return File(a_count(facts["bytes"]), a_text(facts["sha256"]))


def _inside(name: str) -> str:
    """A name that a file gives for another in its folder.

    Raises:
        Damaged: if it leads elsewhere.
    """
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
        raise Damaged(f"{SEAL} names {name!r}, which lies outside its folder")
    return name


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal. It is remembered for as long as nobody writes to the file."""
    now = path.stat()
    if not stat.S_ISREG(now.st_mode):
        raise FileNotFoundError(ENOENT, "no file, but something else", str(path))  # a pipe would not end
    if time.time_ns() - now.st_ctime_ns <= FRESH:  # if it were written again at once, it might bear the same times
        return hash_of(path, now.st_size).hexdigest()
    return _digest(path.absolute(), now.st_size, (now.st_mtime_ns, now.st_ctime_ns, now.st_ino))


@lru_cache(maxsize=1 << 16)
def _digest(path: Path, size: int, facts: tuple[int, ...]) -> str:
    return hash_of(path, size).hexdigest()


def hash_of(path: Path, size: int) -> "hashlib._Hash":
    """SHA-256 of the first `size` bytes of a file (of all, where there are fewer), to be continued."""
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while size > 0 and (chunk := file.read(min(CHUNK, size))):
            found.update(chunk)
            size -= len(chunk)
    return found


def defined(folder: Path) -> Path:
    """The folder, if it holds results.

    Raises:
        Undefined: if what the folder records is that there are none.
        Malformed: if that record cannot be read.
    """
    if os.path.lexists(file := folder / REASON):
        with reading(file):
            reason = a_text(read_object(file)["reason"])
        raise Undefined(reason)
    return folder
