"""Files that are not what was written: cut off, a bit flipped, gone, or dated wrongly; of what is under way and of what is finished."""

import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from random import Random

from tests.faults.field import PATIENCE, Field
from tests.faults.small import SCALE, cell
from train.stages.stage import Interrupted, name
from train.stages.store import Store

FORGOTTEN = ("report.html", "index.html")  # quote circumstances, and so differ between equal runs


def cut(file: Path, chance: Random) -> None:
    """Keep a part of a file."""
    os.truncate(file, chance.randrange(file.stat().st_size))


def flip(file: Path, chance: Random) -> None:
    """Flip a bit, and keep the size."""
    data = bytearray(file.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    file.write_bytes(data)


WAYS: Mapping[str, Callable[[Path, Random], None]] = {"truncated": cut, "bit flipped": flip}


def drafts(field: Field, n: int) -> None:
    """Spoil a file of a stage under way: of learning that was killed after a checkpoint, of a score that was stopped after a piece."""
    for i in range(n):
        draft = interrupted(field) if i % 4 < 3 else stopped(field)
        files = sorted(f for f in draft.rglob("*") if f.is_file() and f.stat().st_size)
        how = list(WAYS)[(i + i // 4) % len(WAYS)]
        WAYS[how](field.chance.choice(files), field.chance)
        field.judge(f"draft {how}", 1)


def interrupted(field: Field) -> Path:
    """The draft of a policy with a checkpoint in it, all else being finished."""
    learns = sorted(f.name for f in (field.calm / "stages").glob("Learn-*"))
    while True:
        name = field.chance.choice(learns)
        field.restore(name)
        draft, process = field.stages / f"{name}.draft", field.start()
        while not process.ended and not (draft / "checkpoint.pt").exists():
            time.sleep(0.005)
        field.pause(0.0, 0.3)
        if not process.ended:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)
        if (draft / "checkpoint.pt").exists():
            return draft


def stopped(field: Field) -> Path:
    """The draft of a score with a piece in it, all else being finished."""
    seed = field.chance.choice((0, 1))
    stage = cell(seed)["before"]
    field.restore(name(stage))
    with suppress(Interrupted):
        Store(field.stages, SCALE.machine, stopping=lambda: True).get(stage)
    return field.stages / f"{name(stage)}.draft"


def results(field: Field, n: int) -> None:
    """Spoil a file of a finished stage, or of the report: every name of a file in every kind of stage, one after the other."""
    kinds: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for file in sorted(f.relative_to(field.calm) for f in field.calm.rglob("*") if f.is_file() and f.stat().st_size):
        if "leases" not in file.parts and file.name not in FORGOTTEN:
            kinds[file.parts[-2].partition("-")[0], file.name].append(file)
    every = [(k, how) for k in kinds for how in WAYS]
    field.chance.shuffle(every)
    for i in range(n):
        which, how = every[i % len(every)]
        file = field.chance.choice(kinds[which])
        field.restore()
        field.look()
        WAYS[how](field.out / file, field.chance)
        field.judge(f"{'report' if file.parts[0] != 'stages' else 'result'} {how}", 1, spoiled=frozenset({file.parts[-2]}))


def clock(field: Field, n: int) -> None:
    """Date everything to 1970 or to 2038, again and again while a run is under way."""
    process, set_back, done = field.start(), 0, 0
    while done + set_back < n:
        field.pause(0.1, 0.6)
        if process.ended:
            field.judge("clock set", set_back)
            field.fresh()
            process, set_back, done = field.start(), 0, done + set_back
        else:
            _date(field.out, field.chance.choice((0, 2**31)))
            set_back += 1
    process.wait(PATIENCE)
    field.judge("clock set", set_back)


def _date(folder: Path, seconds: int) -> None:
    for file in folder.rglob("*"):
        try:
            os.utime(file, (seconds, seconds))
        except FileNotFoundError:
            continue  # it was moved meanwhile
