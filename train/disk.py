"""A disk that is full, or a folder that must not be written: what happened, where, and the way out."""

from collections.abc import Iterator
from contextlib import contextmanager
from errno import EACCES, EDQUOT, EFBIG, ENOSPC, EPERM, EROFS
from os import strerror
from pathlib import Path

FULL = (ENOSPC, EDQUOT, EFBIG)
FORBIDDEN = (EROFS, EACCES, EPERM)


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
        if refusal.errno not in FULL + FORBIDDEN:
            raise
        where, why = refusal.filename or folder, strerror(refusal.errno)
        if refusal.errno in FULL:
            way = "Make room (`python -m analysis gc --out DIR` removes what no study refers to, or `--out` names another disk)"
        else:
            way = "Make the folder writable for this user, or name another with `--out`"
        message = f"{where} cannot be written: {why}. {way}. What is finished is kept; the same command goes on from there."
        raise Unwritable(message) from refusal
