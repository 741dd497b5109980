"""Writing files: new, atomically, and never through a link; and the message if the system refuses."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EACCES, EDQUOT, EFBIG, EISDIR, ELOOP, ENOSPC, ENOTDIR, ENOTEMPTY, EPERM, EROFS
from pathlib import Path
from typing import BinaryIO, TextIO

WAYS_OUT = {  # of what the system says
    (ENOSPC, EDQUOT, EFBIG): "Make room (`python -m analysis gc --out DIR` removes what no study refers to, or `--out` names another disk)",
    (EROFS, EACCES, EPERM): "Make the folder writable for this user, or name another with `--out`",
    (EISDIR, ENOTDIR, ELOOP, ENOTEMPTY): "Move away what lies there",
}
COPY, HALF = ".copy", ".tmp"  # suffixes of a copy and of a new file until it replaces the old one


class Unwritable(OSError):
    """The system refuses to store something; the message says what to do."""


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn a refusal by the system, in this context, into an error that says where it happened and what to do.

    Raises:
        Unwritable: in place of the system's own error, which often names no file.
    """
    try:
        yield
    except Unwritable:
        raise
    except OSError as refusal:
        way = next((way for errors, way in WAYS_OUT.items() if refusal.errno in errors), "")
        if not way:
            raise
        what = f"{refusal.filename or folder} cannot be written: {refusal.strerror}"
        raise Unwritable(f"{what}. {way}. What is finished is kept; the same command goes on from there.") from refusal


def new_file(path: Path) -> BinaryIO:
    """A new file at `path`, open for writing. An old file or link there is unlinked; its target and other names stay unchanged."""
    path.unlink(missing_ok=True)
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666), "wb")


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file that replaces `path` atomically at the end. No other file is changed."""
    half = path.with_name(path.name + HALF)
    try:
        with new_file(half) as file:
            yield file
        half.replace(path)
    except OSError:  # on a full disk, leave nothing half-written
        with suppress(OSError):
            half.unlink(missing_ok=True)
        raise


def write_json(path: Path, value: object) -> None:
    """Write `value` as JSON; `path` is replaced atomically."""
    with replacing(path) as file:
        file.write((json.dumps(value, indent=1, sort_keys=True) + "\n").encode())


def appending(path: Path) -> TextIO:
    """A file opened for appending. If it is a link, or has other names, those stay unchanged."""
    own(path)
    return open(path, "a", encoding="utf-8", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW, 0o666))


def own(path: Path) -> None:
    """Make `path` safe to write to: a link is removed, and a file with other names is replaced by a copy."""
    if path.is_symlink():
        path.unlink()
    elif path.is_file() and path.stat().st_nlink > 1:
        sever(path)


def sever(path: Path) -> None:
    """Replace a file by a copy, so that a stale writer, or another name, cannot reach the new file."""
    copy = path.with_name(path.name + COPY)
    with new_file(copy) as new, open(path, "rb") as old:
        shutil.copyfileobj(old, new)
    copy.replace(path)


def own_folder(path: Path) -> None:
    """Make a folder, unless it is there. Its parent must exist: it may have been moved by another process.

    Raises:
        Unwritable: if something else is there. A link is not followed, or what is written here would come to lie elsewhere.
    """
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        what = "a link, which is not followed" if path.is_symlink() else "no folder"
        raise Unwritable(f"{path} is {what}: expected a folder, or nothing. Remove it; the same command goes on from there.")
    path.mkdir(exist_ok=True)


def remove(path: Path) -> None:
    """Remove a file, a link, or a folder with its content, if it is there. Targets of links stay.

    Everything is removed by its path (`shutil.rmtree` holds folders open): if another process moves the folder, the rest stays.
    """
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for inner in list(path.iterdir()):
        remove(inner)
    path.rmdir()
