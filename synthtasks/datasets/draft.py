"""Folders that appear whole: a draft is written beside the folder, and renamed at the end.

Every draft has its own name, so concurrent writers do not collide. A process locks its draft while it lives. The next
writer of the folder removes drafts without a lock, which a killed process left behind.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

if sys.platform != "win32":
    import fcntl

WRITTEN = re.compile(r"README\.md|(train|test)\.(jsonl|parquet)|reward\.py")  # files of a draft


def unused(folder: Path) -> None:
    """Check that a folder can be made here.

    Raises:
        FileExistsError: if the path exists.
        NotADirectoryError: if a parent is a file.
    """
    if os.path.lexists(folder):
        raise FileExistsError(f"{folder} exists; an export does not overwrite: remove it, or name another")
    parent = next(p for p in folder.absolute().parents if p.exists())
    if not parent.is_dir():
        raise NotADirectoryError(f"{folder} cannot be a folder, because {parent} is a file; name another")


@contextmanager
def appearing(folder: Path) -> Iterator[Path]:
    """A draft that is renamed to `folder` at the end, or removed on an error.

    Raises:
        FileExistsError: if the folder exists, at the beginning or at the end.
        NotADirectoryError: as `unused`.
    """
    unused(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    for stale in _drafts(folder):
        with _locked(stale) as held:
            if held:  # by no other process
                shutil.rmtree(stale)
    token = token_hex(4)
    new, draft = (folder.with_name(f".{folder.name}.{word}-{token}") for word in ("new", "draft"))
    new.mkdir()
    try:
        with _locked(new):
            new.rename(draft)  # only a locked folder gets the name of a draft
            yield draft
            try:
                draft.rename(folder)
            except OSError:
                if os.path.lexists(folder):
                    raise FileExistsError(
                        f"{folder} appeared meanwhile; an export does not overwrite: remove it, or name another"
                    ) from None
                raise
    except BaseException:
        shutil.rmtree(draft if draft.exists() else new)
        raise


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Try to lock a folder, and yield True on success.

    Where folders cannot be locked (Windows, some network file systems) it yields False, so no draft counts as stale there.
    """
    if sys.platform == "win32":
        yield False
        return
    file, held = os.open(folder, os.O_RDONLY), False
    try:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = True
        yield held
    finally:
        os.close(file)


def _drafts(folder: Path) -> list[Path]:
    """The drafts of this folder, recognised by name and content."""
    name = re.compile(re.escape(f".{folder.name}.draft-") + "[0-9a-f]{8}")
    drafts = [path for path in folder.parent.iterdir() if name.fullmatch(path.name) and path.is_dir() and not path.is_symlink()]
    return [path for path in drafts if all(WRITTEN.fullmatch(file.name) and file.is_file() for file in path.iterdir())]
