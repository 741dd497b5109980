"""Everything that reads a folder of results, in this process, told which of its files is spoiled."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from analysis.cli import command
from analysis.cli.ask import converse
from analysis.cli.request import stages_of
from analysis.cli.tables import announce, show_rerun, show_rubbish
from analysis.design.results import collect
from analysis.design.study import Setting
from analysis.live.dashboard import Dashboard
from analysis.live.growing import Growing
from analysis.report.provenance import costs, machines
from analysis.report.traces import exhibits
from analysis.running import gc
from analysis.running.agenda import State
from analysis.running.engine import Care
from analysis.running.plan import make_plan
from analysis.running.shard import WHOLE
from analysis.sql.query import ask, catalogue
from analysis.sql.tables import STAGE, TABLES
from tests.faults.field import WAY_OUT
from tests.faults.small import SCALE, STUDY, Hasty
from train.stages.stage import Stage, closure
from train.stages.store import Store


@dataclass(frozen=True)
class Fault:
    """A way of spoiling a file of a folder of results."""

    kind: str
    file: str  # its path in the folder
    seed: int
    fits: bool  # the checksum is made to fit


def here(stages: Sequence[Stage], store: Store, jobs: int, cost: object, watch: object, care: Care) -> State:
    """Runs stages in this process."""
    for stage in closure(stages):
        store.get(stage)
    return State(done=set(stages))


def asked(out: Path) -> Hasty:
    """The small study, in a folder."""
    return Hasty(STUDY, Setting(SCALE, (0, 1)), {}, out, 1)


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
    announce(folder, (), console)


def rerun_all(out: Path, fault: Fault, console: Console) -> None:
    folder = (out / fault.file).parent
    show_rerun(folder, out.with_name("again"), (), console)


def talk(out: Path, fault: Fault, console: Console) -> None:
    said = iter(["", "2"])
    converse((out / fault.file).parent, console, lambda: next(said, "q"))


def collect_garbage(out: Path, fault: Fault, console: Console) -> None:
    show_rubbish(gc.sort(out), console)


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
