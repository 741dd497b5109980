"""The commands that act on a request: plan, run, judge and report."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.text import Text

from analysis.cli import owned
from analysis.cli.request import Request, stages_of
from analysis.cli.screen import estimated, megabytes, needs, plan_table, shared, watching
from analysis.cli.tables import findings_table, plural
from analysis.design.found import keep
from analysis.design.registration import differences, register
from analysis.design.results import Results, collect, write_results
from analysis.running import references
from analysis.running.agenda import STANDS, State
from analysis.running.engine import Care, Engine
from analysis.running.plan import MIB, Plan, able, make_plan
from analysis.running.shard import WHOLE, Shard
from analysis.studies import STUDIES
from train.stages.disk import writing
from train.stages.stage import closure
from train.stages.store import Store


def plan(asked: Request, console: Console, part: Shard = WHOLE) -> None:
    """Show which stages would run, and how long they would take.

    Raises:
        ValueError: if the folder belongs to another setting.
    """
    asked.refuse_other()
    cells = part.part(asked.cells())
    made = make_plan(stages_of(cells), len(cells), asked.store, asked.jobs, console.print)
    console.print(plan_table(made))
    of = "" if part == WHOLE else f"shard {part.index} of {part.count}: "
    seeds = len({cell.seed for cell in cells})
    rest = f"the rest takes {needs(made)}" if made.missing else "nothing to run"
    console.print(
        f"{of}{plural(made.cells, 'cell')} of {plural(seeds, 'seed')}, {len(made.stages)} distinct stages "
        f"({shared(made)} of them shared), {len(made.there)} there; {rest}",
        highlight=False,
    )
    tight(made, asked.out, console)


def tight(made: Plan, out: Path, console: Console) -> None:
    """Say so, where the plan asks for more than this machine has left."""
    there = next(p for p in (out, *out.absolute().parents) if p.exists())
    free = shutil.disk_usage(there).free / MIB
    if not os.access(there, os.W_OK | os.X_OK):
        console.print(Text.assemble((f"{there} cannot be written:", "red"), " choose another --out, or change its permissions"))
    if made.space > free:
        console.print(Text.assemble((f"{there} has {megabytes(free)} left, too little:", "red"), " choose another --out, or make room"))
    if hasattr(os, "sysconf") and made.peak > (memory := os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / MIB):
        console.print(Text.assemble((f"this machine has {megabytes(memory)} of memory, too little:", "red"), " choose fewer --jobs"))


STOPPED = 130  # exit status, as of a shell's command that Ctrl-C ended


def run(asked: Request, console: Console, care: Care, part: Shard, engine: Engine) -> int:
    """Run what is missing, judge, and report; the exit status."""
    every, store = asked.cells(), asked.store
    cells = part.part(every)
    folder = asked.folder
    there = all(store.sound(s) for s in closure(stages_of(every)))
    if not there:
        able(store.machine)
    with reporting(asked):
        references.begin(folder, stages_of(every))
        registration = register(folder, asked.study, every, _there(asked))
    reported = (folder / "report.html").exists() and references.finished(folder, stages_of(every))
    if there and reported and not differences(registration, asked.study, every):
        results = collect(asked.study, asked.setting, every, store)
        with reporting(asked):
            write_results(results, folder)  # whatever happened to those that are there
        console.print(findings_table(results.findings))
        console.print(f"nothing to do: every stage is there. {folder / 'report.html'}", highlight=False)
        return 0
    made = make_plan(stages_of(cells), len(cells), store, asked.jobs, console.print)
    console.print(plan_table(made))
    console.print(f"{plural(len(made.missing), 'stage')} to run: {needs(made)}", highlight=False)
    tight(made, asked.out, console)
    with watching(console, made, store, cells) as watch:
        state = engine(made.stages, store, asked.jobs, made.cost, watch, care)
    if state.failed or state.stopped:
        return ended(state, store, console)
    if error := estimated(made, state.done, store):
        console.print(f"took: {error}", highlight=False)
    missing = sum(not store.has(s) for s in stages_of(every))
    if missing:
        console.print(f"shard {part.index} of {part.count} is done; {plural(missing, 'stage')} of the others are not there yet")
        return 0
    report(asked, console)
    return 0


def ended(state: State, store: Store, console: Console) -> int:
    """Say why a run ended before everything was there, and the way out; the exit status."""
    causes = {s: e for s, e in state.failed.items() if not e.startswith(STANDS)}
    for stage, error in causes.items():
        console.print(Text.assemble(("failed:", "red"), f" {stage}: {error.strip().splitlines()[-1]}"), soft_wrap=True)
        if store.error(stage).exists():
            console.print(f"  {store.error(stage)}", highlight=False, soft_wrap=True)
    if causes:
        above = f", and {n} that stand on them did not run" if (n := len(state.failed) - len(causes)) else ""
        console.print(
            f"{plural(len(causes), 'stage')} failed{above}; what is done is kept. Once the cause is mended, the same command tries again.",
            highlight=False,
        )
    if state.stopped:
        console.print(f"stopped, with {len(state.waiting)} to do; the same command continues where it was", highlight=False)
    return STOPPED if state.stopped else 1


@contextmanager
def reporting(asked: Request) -> Iterator[None]:
    """Nobody else writes into the study's folder meanwhile: several jobs may begin, or end, at once. It says whose it is first.

    Raises:
        ValueError: if the folder belongs to another setting.
    """
    with writing(asked.folder), asked.store.leases.wait(f"report-{asked.folder.name}"):
        owned.take(asked.folder, asked.owner, stages_of(asked.cells()))
        yield


def complete(asked: Request) -> None:
    """Make sure that all has run that a report stands on.

    Raises:
        ValueError: if something has not.
    """
    missing = sum(not asked.store.has(s) for s in set(stages_of(asked.cells())))
    if missing:
        raise ValueError(f"{plural(missing, 'stage')} not in {asked.store.root} yet; use `run`, which ends with the report")


def report(asked: Request, console: Console) -> Results:
    """Judge what has run, and write facts, findings and the report."""
    from analysis.report.page import write_report  # which loads what draws, and no plan needs

    folder, results = asked.folder, collect(asked.study, asked.setting, asked.cells(), asked.store)
    with reporting(asked):
        registration = register(folder, asked.study, results.cells, _there(asked))
        write_results(results, folder)
        page = write_report(results, registration, folder)
        references.finish(folder, stages_of(results.cells))
        kept = keep(results, registration, folder, folder.name == asked.study.name and STUDIES.get(asked.study.name) is asked.study)
    console.print(findings_table(results.findings))
    console.print(registration.line, highlight=False, soft_wrap=True)
    console.print(asked.study.looks.describe(len(asked.setting.seeds)), highlight=False)
    for d in differences(registration, asked.study, results.cells):
        console.print(Text.assemble((f"otherwise than registered: {d.what}", "red"), f" was {d.registered}, is {d.now}"), soft_wrap=True)
    console.print(f"report: {page}; kept: {', '.join(map(str, kept))}", highlight=False, soft_wrap=True)
    return results


def _there(asked: Request) -> int:
    """The number of stages of the request that have been run."""
    return sum(asked.store.has(s) for s in closure(stages_of(asked.cells())))
