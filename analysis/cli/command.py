"""The commands that act on a request: plan, run, judge and report."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.text import Text

from analysis.cli import owned
from analysis.cli.request import Request, stages_of
from analysis.cli.screen import estimated, needs, plan_table, size, watching
from analysis.cli.tables import findings_table, plural
from analysis.design.cells import write_cells
from analysis.design.found import keep
from analysis.design.registration import differences, register
from analysis.design.results import Results, collect, write_results
from analysis.running import references
from analysis.running.agenda import STANDS, State
from analysis.running.engine import Care, Engine
from analysis.running.plan import MIB, Plan, able, make_plan, physical_memory
from analysis.running.shard import WHOLE, Shard
from analysis.studies import STUDIES
from train.stages.disk import writing
from train.stages.stage import closure
from train.stages.store import Store

STOPPED = 130  # exit status of a command that Ctrl-C ended, as a shell gives it


def plan(request: Request, console: Console, part: Shard = WHOLE) -> None:
    """Show which stages would run, and how long they would take.

    Raises:
        ValueError: if the folder belongs to another setting.
    """
    request.refuse_other()
    cells = part.part(request.cells())
    made = make_plan(stages_of(cells), len(cells), request.store, request.jobs, console.print)
    console.print(plan_table(made))
    of = "" if part == WHOLE else f"shard {part.index} of {part.count}: "
    shared = sum(users > 1 for users in Counter(u for stage in made.stages for u in set(stage.upstream)).values())
    seeds, rest = len({cell.seed for cell in cells}), f"the rest takes {needs(made)}" if made.missing else "nothing to run"
    stages = f"{len(made.stages)} distinct stages ({shared} of them shared), {len(made.there)} there"
    console.print(f"{of}{plural(made.cells, 'cell')} of {plural(seeds, 'seed')}, {stages}; {rest}")
    tight(made, request.out, console)


def tight(made: Plan, out: Path, console: Console) -> None:
    """Warn if the plan needs more than this machine has left."""
    folder = next(p for p in (out, *out.absolute().parents) if p.exists())
    free, memory = shutil.disk_usage(folder).free / MIB, physical_memory() / MIB
    if not os.access(folder, os.W_OK | os.X_OK):
        console.print(Text.assemble((f"{folder} cannot be written:", "red"), " choose another --out, or change its permissions"))
    if made.space > free:
        console.print(Text.assemble((f"{folder} has {size(free)} left, too little:", "red"), " choose another --out, or make room"))
    if made.peak > memory:
        console.print(Text.assemble((f"this machine has {size(memory)} of memory, too little:", "red"), " choose fewer --jobs"))


def run(request: Request, console: Console, care: Care, part: Shard, engine: Engine) -> int:
    """Run the missing stages, judge, and report; the exit status."""
    every, store, folder = request.cells(), request.store, request.folder
    stages, cells = stages_of(every), part.part(every)
    there = all(store.sound(s) for s in closure(stages))
    if not there:
        able(store.machine)
    with reporting(request):
        references.begin(folder, stages)
        write_cells(every, folder)
        registration = register(folder, request.study, every, _done(request))
    reported = (folder / "report.html").exists() and references.finished(folder, stages)
    if there and reported and not differences(registration, request.study, every):
        results = collect(request.study, request.setting, every, store)
        with reporting(request):
            write_results(results, folder)  # repairs files that were damaged
        console.print(findings_table(results.findings))
        console.print(f"nothing to do: every stage is there. {folder / 'report.html'}")
        return 0
    made = make_plan(stages_of(cells), len(cells), store, request.jobs, console.print)
    console.print(plan_table(made))
    console.print(f"{plural(len(made.missing), 'stage')} to run: {needs(made)}")
    tight(made, request.out, console)
    with watching(console, made, store, cells) as watch:
        state = engine(made.stages, store, request.jobs, made.cost, watch, care)
    if state.failed or state.stopped:
        return ended(state, store, console)
    if error := estimated(made, state.done, store):
        console.print(f"took: {error}")
    if missing := sum(not store.has(s) for s in stages):
        console.print(f"shard {part.index} of {part.count} is done; {plural(missing, 'stage')} of the others are not there yet")
    else:
        report(request, console)
    return 0


def ended(state: State, store: Store, console: Console) -> int:
    """Say why a run ended before every stage was done, and how to continue; the exit status."""
    causes = {s: e for s, e in state.failed.items() if not e.startswith(STANDS)}
    for stage, error in causes.items():
        console.print(Text.assemble(("failed:", "red"), f" {stage}: {error.strip().splitlines()[-1]}"), soft_wrap=True)
        if store.error(stage).exists():
            console.print(f"  {store.error(stage)}", soft_wrap=True)
    if causes:
        above = f", and {n} that stand on them did not run" if (n := len(state.failed) - len(causes)) else ""
        way_out = "what is done is kept. Once the cause is mended, the same command tries again."
        console.print(f"{plural(len(causes), 'stage')} failed{above}; {way_out}")
    if state.stopped:
        console.print(f"stopped, with {len(state.waiting)} to do; the same command continues where it was")
    return STOPPED if state.stopped else 1


@contextmanager
def reporting(request: Request) -> Iterator[None]:
    """Lock the study's folder against other jobs while its files are written, and record its owner first.

    Raises:
        ValueError: if the folder belongs to another setting.
    """
    with writing(request.folder), request.store.leases.wait(f"report-{request.folder.name}"):
        owned.take(request.folder, request.owner, stages_of(request.cells()))
        yield


def complete(request: Request) -> None:
    """Check that every stage of a report is done.

    Raises:
        ValueError: if one is not.
    """
    if missing := sum(not request.store.has(s) for s in set(stages_of(request.cells()))):
        raise ValueError(f"{plural(missing, 'stage')} not in {request.store.root} yet; use `run`, which ends with the report")


def report(request: Request, console: Console) -> Results:
    """Judge the results, and write facts, findings and the report."""
    from analysis.report.overview import write_overview
    from analysis.report.page import write_report  # imports what pages are made of, which a plan does not need

    study, folder, results = request.study, request.folder, collect(request.study, request.setting, request.cells(), request.store)
    with reporting(request):
        registration = register(folder, study, results.cells, _done(request))
        write_results(results, folder)
        page = write_report(results, registration, folder)
        references.finish(folder, stages_of(results.cells))
        with request.store.leases.wait("overview"):
            write_overview(request.out)
        kept = keep(results, registration, folder, folder.name == study.name and STUDIES.get(study.name) is study)
    console.print(findings_table(results.findings))
    console.print(registration.line, soft_wrap=True)
    console.print(study.looks.describe(len(request.setting.seeds)))
    for d in (d for d in differences(registration, study, results.cells) if d.decides):
        console.print(Text.assemble((f"otherwise than registered: {d.what}", "red"), f" was {d.registered}, is {d.now}"), soft_wrap=True)
    console.print(f"all studies of this folder: {request.out / 'index.html'}", soft_wrap=True)
    console.print(f"report: {page}; kept: {', '.join(map(str, kept))}", soft_wrap=True)
    return results


def _done(request: Request) -> int:
    """The number of the request's stages that have results."""
    return sum(request.store.has(s) for s in closure(stages_of(request.cells())))
