"""A folder that appears whole: it is written as a draft beside it, which takes its name at the end.

A draft has a name of its own, so two at once do not meet, and is locked while its process lives, so what a kill left behind can be
told from work that goes on, and is removed by the next who writes that folder.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

if sys.platform != "win32":
    import fcntl

WRITTEN = re.compile(r"README\.md|(train|test)\.(jsonl|parquet)")  # all that a draft holds


def unused(folder: Path) -> None:
    """See that a folder can have this name.

    Raises:
        FileExistsError: if something is there.
        NotADirectoryError: if it would lie in a file.
    """
    if os.path.lexists(folder):
        raise FileExistsError(f"{folder} is there; an export does not overwrite: remove it, or name another")
    there = next(p for p in folder.absolute().parents if p.exists())
    if not there.is_dir():
        raise NotADirectoryError(f"{folder} cannot be a folder, as {there} is a file; name another")


@contextmanager
def appearing(folder: Path) -> Iterator[Path]:
    """A draft that takes the folder's name when it is whole, and is removed if it fails.

    Raises:
        FileExistsError: if something is there, at the beginning or at the end.
        NotADirectoryError: as `unused`.
    """
    unused(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    for left in _drafts(folder):
        _removed_if_abandoned(left)
    token = token_hex(4)
    new, draft = (folder.with_name(f".{folder.name}.{word}-{token}") for word in ("new", "draft"))
    new.mkdir()
    try:
        with _locked(new):
            new.rename(draft)  # only now can it be taken for a draft
            yield draft
            _take_name(draft, folder)
    except BaseException:
        shutil.rmtree(draft if draft.exists() else new)
        raise


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Hold the lock of a folder, unless another process does. Where folders cannot be locked (Windows, some network file systems) it is
    never held, so that no draft is taken for abandoned there."""
    if sys.platform == "win32":
        yield False
        return
    file = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held = False
    else:
        held = True
    try:
        yield held
    finally:
        os.close(file)


def _take_name(draft: Path, folder: Path) -> None:
    try:
        draft.rename(folder)
    except OSError:
        if os.path.lexists(folder):
            raise FileExistsError(f"{folder} appeared meanwhile; an export does not overwrite: remove it, or name another") from None
        raise


def _drafts(folder: Path) -> list[Path]:
    """The drafts of this folder that are there, and nothing of anybody else's: by their names, and by what they hold."""
    name = re.compile(re.escape(f".{folder.name}.draft-") + "[0-9a-f]{8}")
    drafts = [path for path in folder.parent.iterdir() if name.fullmatch(path.name) and path.is_dir() and not path.is_symlink()]
    return [path for path in drafts if all(WRITTEN.fullmatch(file.name) and file.is_file() for file in path.iterdir())]


def _removed_if_abandoned(draft: Path) -> None:
    """Remove a draft whose process has ended: nobody holds its lock."""
    with _locked(draft) as held:
        if held:
            shutil.rmtree(draft)
