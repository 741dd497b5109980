"""Files as they are made here: new, in one step, and never through a link. And what is said where the system refuses."""

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
COPY, HALF = ".copy", ".tmp"  # end the names of a copy and of a new file until it takes the place of the old one


class Unwritable(OSError):
    """The system refuses to store something; the message says what to do."""


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Say of a refusal by the system, in what is done in this context, where it happened and what to do.

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
    """A new file in the place of what lies there, open for writing. What a link there leads to, or has another name, stays as it is."""
    path.unlink(missing_ok=True)
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666), "wb")


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path` at the end, so that `path` is never seen half-written, nor any other file changed."""
    half = path.with_name(path.name + HALF)
    try:
        with new_file(half) as file:
            yield file
        half.replace(path)
    except OSError:  # of a full disk, nothing half-written stays
        with suppress(OSError):
            half.unlink(missing_ok=True)
        raise


def write_json(path: Path, value: object) -> None:
    """Write `value` so that `path` is never seen half-written."""
    with replacing(path) as file:
        file.write((json.dumps(value, indent=1, sort_keys=True) + "\n").encode())


def appending(path: Path) -> TextIO:
    """A file that is written on at its end; if it has other names, or is a link, what they name is left as it is."""
    own(path)
    return open(path, "a", encoding="utf-8", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW, 0o666))


def own(path: Path) -> None:
    """See to it that whoever writes to `path` writes to a file without another name: links go, a file that others share is copied."""
    if path.is_symlink():
        path.unlink()
    elif path.is_file() and path.stat().st_nlink > 1:
        sever(path)


def sever(path: Path) -> None:
    """Put a copy in the place of a file, so that who has the old one open, or by another name, does not change the new one."""
    copy = path.with_name(path.name + COPY)
    with new_file(copy) as new, open(path, "rb") as old:
        shutil.copyfileobj(old, new)
    copy.replace(path)


def own_folder(path: Path) -> None:
    """Make a folder, if it is not there, in one that is: its own may have been moved away from who does not know yet.

    Raises:
        Unwritable: if something else is there. A link is not followed, or what is written here would come to lie elsewhere.
    """
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        what = "a link, which is not followed" if path.is_symlink() else "no folder"
        raise Unwritable(f"{path} is {what}: expected a folder, or nothing. Remove it; the same command goes on from there.")
    path.mkdir(exist_ok=True)


def remove(path: Path) -> None:
    """Remove a file, a link, or a folder and all in it, if it is there; what links lead to stays.

    Everything is removed by its name (`shutil.rmtree` holds folders open): if somebody moves the folder away, what is left in it stays.
    """
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    for inner in list(path.iterdir()):
        remove(inner)
    path.rmdir()
