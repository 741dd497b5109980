"""While a run goes on: what is finished is damaged, and what is under way loses files."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

from tests.faults.damage import cut, flip
from tests.faults.field import PATIENCE, Field
from tests.faults.process import Process

PER_RUN = 4  # faults in one run


def hidden(file: Path, chance: Random) -> None:
    """Flip a bit, and let the file keep its time."""
    before = file.stat()
    flip(file, chance)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def gone(file: Path, chance: Random) -> None:
    """Remove a file."""
    file.unlink()


WAYS = (hidden, cut, flip, gone)


def damaged(field: Field, n: int) -> None:
    """Damage finished stages, of which others are made at this moment."""
    _meanwhile(field, n, "result damaged meanwhile", _damage)


def removed(field: Field, n: int) -> None:
    """Remove files from drafts."""
    _meanwhile(field, n, "file of a live draft removed", _remove)


def _meanwhile(field: Field, n: int, kind: str, harm: Callable[[Field, int], str]) -> None:
    done = i = 0
    while done < n:
        field.fresh()
        process, spoiled = field.start(), list[str]()
        while len(spoiled) < min(PER_RUN, n - done) and not process.ended:
            field.pause(0.02, 0.4)
            field.look()
            with suppress(FileNotFoundError, IndexError):  # nothing is there yet, or it has another name since
                spoiled.append(harm(field, i))
                i += 1
        _end(field, kind, process, spoiled)
        done += len(spoiled)


def _end(field: Field, kind: str, process: Process, spoiled: list[str]) -> None:
    """The run itself may have failed for want of a file; that the same command mends it is judged."""
    if process.wait(PATIENCE) is None:
        field.tally.add(kind, len(spoiled), "hung", process.said()[-2_000:])
    else:
        field.judge(kind, len(spoiled), spoiled=frozenset(spoiled))


def _damage(field: Field, i: int) -> str:
    folder = field.chance.choice([f for f in sorted(field.stages.glob("*-*")) if "." not in f.name])
    WAYS[i % len(WAYS)](field.chance.choice(sorted(f for f in folder.iterdir() if f.is_file() and f.stat().st_size)), field.chance)
    return folder.name


def _remove(field: Field, i: int) -> str:
    draft = field.chance.choice(sorted(field.stages.glob("*.draft")))
    path = field.chance.choice(sorted(draft.iterdir()))
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    return draft.name.partition(".")[0]
