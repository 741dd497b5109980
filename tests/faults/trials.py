"""Hostile files before everything that reads a folder of results: each ends in its value, or in one error that names the file and the
way out. One process tries them all, one after the other, and is followed by another where it hangs or dies."""

import io
import json
import logging
import os
import resource
import select
import shutil
import signal
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

import torch
from rich.console import Console

from analysis.cli.request import stages_of
from tests.faults.field import Field
from tests.faults.hostile import EVERY, WAYS
from tests.faults.readers import LOOKING, OF_STAGE, Fault, asked, clear, run
from tests.faults.small import SCALE, WIDTH
from tests.faults.tally import Outcome
from tests.test_study import bits
from train.stages.disk import write_json
from train.stages.seal import SEAL, digest, sealed
from train.stages.stage import Interrupted, closure
from train.stages.store import Store

LIMIT = 20.0  # seconds after which a reader hangs
INSIDE = 4  # faults of what a file says, to one of its being no such file
MEMORY = 4 << 30  # bytes that a reader may take beyond what it has


def faults(out: Path, n: int, chance: Random) -> list[Fault]:
    """So many: every way of every kind of file in turn, each in some stage."""
    by_name: dict[tuple[str, str], list[str]] = {}
    for file in sorted(f.relative_to(out).as_posix() for f in out.rglob("*") if f.is_file() and f.suffix in WAYS):
        path = Path(file)
        by_name.setdefault((path.parent.name.partition("-")[0], path.name), []).append(file)
    every = [(kind, name) for name in by_name for kind in WAYS[Path(name[1]).suffix] for _ in range(1 if kind in EVERY else INSIDE)]
    learned = sorted(f.parent.relative_to(out).as_posix() for f in out.glob("stages/Learn-*/metrics.jsonl"))
    every += [(kind, ("", "checkpoint.pt")) for kind in WAYS[".pt"] for _ in range(INSIDE)]
    by_name["", "checkpoint.pt"] = [f"{folder}.draft/checkpoint.pt" for folder in learned]
    chance.shuffle(every)
    chosen = [every[i % len(every)] for i in range(n)]
    return [Fault(kind, chance.choice(by_name[name]), chance.randrange(2**32), i % 4 != 0) for i, (kind, name) in enumerate(chosen)]


def spoil(fault: Fault, out: Path) -> None:
    """Do it."""
    file, chance = out / fault.file, Random(fault.seed)
    if file.suffix == ".pt":
        _interrupt(file.parent)
    WAYS[file.suffix][fault.kind](file, chance)
    if fault.fits and file.suffix == ".pt":
        sums = json.loads(file.with_suffix(".json").read_bytes())
        write_json(file.with_suffix(".json"), {digest(file): list(sums.values())[-1]})
    elif fault.fits and file.parent.parent.name == "stages" and file.name != SEAL:
        meaning = json.loads((file.parent / SEAL).read_bytes())["meaning"]
        write_json(file.parent / SEAL, sealed(file.parent, meaning).record())


def _interrupt(draft: Path) -> None:
    """Put a draft with a checkpoint in the place of a finished policy."""
    name = draft.name.removesuffix(".draft")
    shutil.rmtree(draft.with_name(name))
    (stage,) = (s for s in closure(stages_of(asked(draft.parent.parent).cells())) if str(s) == name)
    with suppress(Interrupted):
        Store(draft.parent, SCALE.machine, stopping=lambda: True).get(stage)


def ends(fault: Fault, calm: Path, out: Path, chance: Random) -> tuple[Outcome, str]:
    """What comes of a fault: two of the readers that look, those of that file, and the study itself, one after the other."""
    shutil.copytree(calm, out)
    spoil(fault, out)
    outcome: Outcome = "ended equal"
    for reader in (*chance.sample(LOOKING, 2), *OF_STAGE.get(Path(fault.file).name, ()), run):
        console = Console(file=io.StringIO(), width=WIDTH)
        try:
            reader(out, fault, console)
        except (ValueError, OSError) as mistake:
            if not clear(out, str(mistake)):
                return "unclear", f"{reader.__name__}: {mistake}\n{traceback.format_exc()[-1_500:]}"
            outcome = "clear error"
        except BaseException:
            return "unclear", f"{reader.__name__}: {traceback.format_exc()[-2_000:]}"
        else:
            if reader is run and not (fault.fits and ".draft/" not in fault.file) and _whole(out) != _whole(calm):
                return "wrong", "other bits"
    return outcome, ""


def _whole(out: Path) -> dict[str, str]:
    return {f: h for f, h in bits(out).items() if not f.startswith(("stages/aside/", "stages/leases/"))}


def inject(field: Field, n: int) -> None:
    """So many hostile files; each in a copy of the results of the run left alone."""
    chosen = faults(field.calm, n, field.chance)
    at = 0
    while at < n:
        at = _look(field, chosen, at)


def _look(field: Field, chosen: Sequence[Fault], first: int) -> int:
    """Let a process judge these from the first on, until one of them hangs or ends it; the next one."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        _judge(field, chosen[first:], writer)
    os.close(writer)
    at = first
    with open(reader, "rb") as told:
        while select.select([told], [], [], LIMIT)[0] and (line := told.readline()):
            outcome, note = json.loads(line)
            field.tally.add(f"hostile {chosen[at].kind}", 1, outcome, f"{chosen[at]}: {note}" if note else "")
            at += 1
    os.kill(child, signal.SIGKILL)
    died = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if at < len(chosen):
        field.tally.add(f"hostile {chosen[at].kind}", 1, "hung" if died == -signal.SIGKILL else "unclear", f"{chosen[at]}: status {died}")
        at += 1
    return at


def _judge(field: Field, chosen: Sequence[Fault], writer: int) -> None:
    """In a process of its own, which has so much memory and no more."""
    size = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
    torch.set_num_threads(1)
    logging.disable()
    status = 70
    try:
        with tempfile.TemporaryDirectory() as scratch, open(writer, "wb", buffering=0) as told:
            for i, fault in enumerate(chosen):
                out = Path(scratch) / str(i) / "out"
                told.write(json.dumps(ends(fault, field.calm, out, Random(fault.seed))).encode() + b"\n")
                shutil.rmtree(out.parent)
        status = 0
    finally:
        os._exit(status)
