"""Hostile files before everything that reads a folder of results: each ends in its value, or in one error that names the file and the
way out. One process tries them all, one after the other, and is followed by another where it hangs or dies."""

import io
import json
import logging
import os
import re
import resource
import select
import shutil
import signal
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from rich.console import Console

from analysis import command, gc
from analysis.agenda import State
from analysis.ask import converse
from analysis.dashboard import Dashboard
from analysis.engine import Care
from analysis.growing import Growing
from analysis.learning import read_notes
from analysis.plan import make_plan
from analysis.provenance import costs, machines
from analysis.query import ask, catalogue
from analysis.request import stages_of
from analysis.rerun import announce, read_folder, show
from analysis.results import collect
from analysis.shard import WHOLE
from analysis.study import Setting
from analysis.tables import STAGE, TABLES
from analysis.traces import exhibits
from tests.faults.field import WAY_OUT, Field
from tests.faults.hostile import EVERY, WAYS
from tests.faults.small import SCALE, STUDY, WIDTH, Hasty
from tests.faults.tally import Outcome
from tests.test_study import bits
from train.artifacts import SEAL, digest, sealed
from train.learn import Learn
from train.stage import Interrupted, Stage, closure
from train.store import Store, write_json

LIMIT = 20.0  # seconds after which a reader hangs
INSIDE = 4  # faults of what a file says, to one of its being no such file
MEMORY = 4 << 30  # bytes that a reader may take beyond what it has


@dataclass(frozen=True)
class Fault:
    """A way of spoiling a file of a folder of results."""

    kind: str
    file: str  # its path in the folder
    seed: int
    fits: bool  # the checksum is made to fit


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


def here(stages: Sequence[Stage], store: Store, jobs: int, cost: object, watch: object, care: Care) -> State:
    """Runs stages in this process."""
    for stage in closure(stages):
        store.get(stage)
    return State(done=set(stages))


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


def asked(out: Path) -> Hasty:
    """The small study, in a folder."""
    return Hasty(STUDY, Setting(SCALE, seeds=(0, 1)), {}, out, 1)


def run(out: Path, fault: Fault, console: Console) -> None:
    """The study; without a report, unless that was spoiled."""
    request = asked(out)
    if fault.file.startswith("stages/"):
        here(stages_of(request.cells()), request.store, 1, None, None, Care())
        report(out, fault, console)
    else:
        command.run(request, console, Care(), WHOLE, here)


def report(out: Path, fault: Fault, console: Console) -> None:
    """All that a report reads, without its figures."""
    request = asked(out)
    results = collect(request.study, request.setting, request.cells(), request.store)
    costs(results), machines(results), exhibits(results)
    for stage in closure(stages_of(results.cells)):
        if isinstance(stage, Learn):
            read_notes(results.store.get(stage) / "metrics.jsonl")


def plan(out: Path, fault: Fault, console: Console) -> None:
    request = asked(out)
    make_plan([s for s in stages_of(request.cells()) if request.store.sound(s)], 1, request.store, 1)


def query(out: Path, fault: Fault, console: Console) -> None:
    """Each table; all but the spoiled folder must be in it."""
    tables = {name: ask(f"FROM {name}", out) for name in TABLES}
    catalogue(out)
    whole = sum(STAGE.fullmatch(f.name) is not None for f in (out / "stages").iterdir())
    assert len(tables["stages"].rows) >= whole - 1, "rows of other folders are missing"
    for reason in {r for answer in tables.values() for r in answer.damaged}:
        assert clear(out, reason, FILE_ALONE), f"unclear: {reason}"


def watch(out: Path, fault: Fault, console: Console) -> None:
    dashboard = Dashboard(Growing.of(asked(out)))
    sections, _ = dashboard()
    for fault_ in dashboard.growing.faults.values():
        assert clear(out, fault_), f"unclear: {fault_}"
    "".join(sections.values()).encode()


def rerun(out: Path, fault: Fault, console: Console) -> None:
    folder = (out / fault.file).parent
    announce(read_folder(folder), folder.parent, console)


def rerun_all(out: Path, fault: Fault, console: Console) -> None:
    folder = (out / fault.file).parent
    show(folder, out.with_name("again"), (), console)


def talk(out: Path, fault: Fault, console: Console) -> None:
    said = iter(["", "2"])
    converse((out / fault.file).parent, console, lambda: next(said, "q"))


def collect_garbage(out: Path, fault: Fault, console: Console) -> None:
    gc.summary(gc.sort(out), console)


Reader = Callable[[Path, Fault, Console], None]
LOOKING: Sequence[Reader] = (query, watch, collect_garbage, plan, report)
OF_STAGE: Mapping[str, Sequence[Reader]] = {
    "stage.json": (rerun, rerun_all),
    "run.json": (rerun, rerun_all),
    "policy.json": (talk,),
    "policy.safetensors": (talk,),
}
FILE_ALONE = re.compile("")  # what is left out of an answer needs no other way out than the name of the file


def clear(out: Path, said: str, way_out: re.Pattern[str] = WAY_OUT) -> bool:
    """Whether a message in one line names a file below `out` and a way out."""
    return str(out) in said and bool(way_out.search(said)) and "\n" not in said.strip() and said.isprintable()


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
