"""What the commands do: from what was typed to a study's setting, and from there to files."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

from rich.console import Console

from analysis import references
from analysis.agenda import STANDS, State
from analysis.engine import Care, Engine
from analysis.plan import MIB, Plan, make_plan
from analysis.progress import estimated, megabytes, needs, plan_table, shared, titles, watching
from analysis.report import write_report
from analysis.results import Results, collect, write_results
from analysis.scale import SCALES, Scale
from analysis.shard import WHOLE, Shard
from analysis.study import Cell, Setting, Study
from analysis.verdicts import verdict_table
from train.disk import writing
from train.learn import Learn
from train.stage import Stage, closure, name
from train.store import Store
from train.trackers import Csv, TensorBoard, Tracker, Wandb

CHECKPOINT_SECONDS = 20.0
TRACKERS: Mapping[str, Callable[[Path, Mapping[str, str]], Tracker]] = {"csv": Csv, "tensorboard": TensorBoard, "wandb": Wandb}


@dataclass(frozen=True)
class Request:
    """A study, a setting, and where its results lie."""

    study: Study
    setting: Setting
    only: Mapping[str, str]
    out: Path
    jobs: int
    tracker: Tracker | None = None

    @property
    def name(self) -> str:
        """What is asked, shortly: the name of its folder. Requests with one store share their stages."""
        withheld = "" if self.setting.withhold == Setting(self.setting.scale).withhold else "-" + "-".join(self.setting.withhold)
        first, last = self.setting.seeds[0], self.setting.seeds[-1]
        seeds = f"-seeds-{first}-{last}" if first else ""
        return self.study.name + withheld + seeds + "".join(f"-{v}" for v in self.only.values() if v != "none")

    @property
    def folder(self) -> Path:
        return self.out / self.name

    @property
    def store(self) -> Store:
        return Store(self.out / "stages", self.setting.scale.machine, CHECKPOINT_SECONDS, tracker=self.tracker)

    def cells(self) -> tuple[Cell, ...]:
        """The cells that were asked for.

        Raises:
            ValueError: if there are none.
        """
        every = tuple(self.study.cells(self.setting))
        chosen = tuple(c for c in every if self.only.items() <= dict(c.labels).items())
        if not chosen:
            raise ValueError(f"no cell has {dict(self.only)}; cells are labelled like {dict(every[0].labels)}")
        return chosen


def stages_of(cells: Sequence[Cell]) -> tuple[Stage, ...]:
    """What must have run before the cells can be measured."""
    return tuple(s for cell in cells for s in cell.stages())


def cores() -> int:
    """Processors that this process may use: a cluster gives a job some of a machine's."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def overridden(scale: Scale, values: Mapping[str, object]) -> Scale:
    """The scale, with the fields that were given."""
    known = {f.name for f in fields(Scale)}
    return replace(scale, **{k: v for k, v in values.items() if k in known and v is not None})  # type: ignore[arg-type]


def request(
    study: Study,
    scale: str,
    overrides: Mapping[str, object],
    seeds: int | None,
    first_seed: int,
    withhold: Sequence[str],
    only: str,
    out: Path | None,
    jobs: int | None,
    devices: int = 1,
) -> Request:
    """What was typed, checked.

    Raises:
        ValueError: if a primitive or a label is unknown, or a number makes no sense.
    """
    chosen = overridden(SCALES[scale], overrides)
    count = chosen.seeds if seeds is None else seeds
    if count < 1:
        raise ValueError(f"a study needs at least one seed; found --seeds {count}")
    if devices < 1:
        raise ValueError(f"a stage learns on at least one device; found --devices {devices}")
    chosen = replace(chosen, machine=replace(chosen.machine, devices=devices))
    setting = Setting(chosen, tuple(withhold), tuple(range(first_seed, first_seed + count)))
    try:
        labels = dict(part.split("=") for part in only.split(",") if part)
    except ValueError:
        raise ValueError(f"--only takes axis=value,axis=value; found {only!r}") from None
    for axis, value in labels.items():
        if value not in study.labels.get(axis, ()):
            known = "; ".join(f"{a}={'|'.join(v)}" for a, v in study.labels.items())
            raise ValueError(f"--only knows {known}; found {axis}={value}")
    room = cores() // (chosen.machine.threads * devices)
    return Request(study, setting, labels, out or Path("runs") / scale, jobs or max(1, room))


def logged(asked: Request, logger: str) -> Request:
    """The same, with metrics that go to a logger of `TRACKERS` as well, into `logs/` beside the stages.

    Raises:
        ValueError: if it is not installed.
    """
    said = {name(stage): title.split(" (shared")[0] for stage, title in titles(asked.cells()).items() if isinstance(stage, Learn)}
    return replace(asked, tracker=TRACKERS[logger](asked.out / "logs" / logger, said))


def show_list(studies: Mapping[str, Study], console: Console) -> None:
    """Every study with its claims."""
    for study in studies.values():
        console.print(f"[bold]{study.name}[/]  {study.question} ({study.source})", highlight=False)
        console.print("  axes: " + "; ".join(f"{a} {{{', '.join(v)}}}" for a, v in study.axes.items()), highlight=False)
        for claim in study.claims:
            console.print(f"  {claim.name}: {claim.statement}", highlight=False)


def list_json(studies: Mapping[str, Study]) -> str:
    """The same, for programs."""
    return json.dumps(
        [
            {
                "name": s.name,
                "source": s.source,
                "axes": {a: list(v) for a, v in s.axes.items()},
                "claims": [
                    {"name": c.name, "statement": c.statement, "margin": c.test and c.test.margin, "unit": c.unit} for c in s.claims
                ],
            }
            for s in studies.values()
        ],
        indent=1,
    )


def plan(asked: Request, console: Console, part: Shard = WHOLE) -> None:
    """What would run, and how long it would take."""
    cells = part.part(asked.cells())
    made = make_plan(stages_of(cells), len(cells), asked.store, asked.jobs)
    console.print(plan_table(made))
    of = "" if part == WHOLE else f"shard {part.index} of {part.count}: "
    seeds = len({cell.seed for cell in cells})
    console.print(
        f"{of}{plural(made.cells, 'cell')} of {plural(seeds, 'seed')}, {len(made.stages)} distinct stages "
        f"({shared(made)} of them shared), {len(made.there)} there; the rest takes {needs(made)}",
        highlight=False,
    )
    tight(made, asked.out, console)


def tight(made: Plan, out: Path, console: Console) -> None:
    """Say so, where the plan asks for more than this machine has left."""
    there = next(p for p in (out, *out.absolute().parents) if p.exists())
    free = shutil.disk_usage(there).free / MIB
    if made.space > free:
        console.print(f"[red]{there} has {megabytes(free)} left, too little:[/] choose another --out, or make room", highlight=False)
    if hasattr(os, "sysconf") and made.peak > (memory := os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / MIB):
        console.print(f"[red]this machine has {megabytes(memory)} of memory, too little:[/] choose fewer --jobs", highlight=False)


STOPPED = 130  # exit status, as of a shell's command that Ctrl-C ended


def run(asked: Request, console: Console, care: Care, part: Shard, engine: Engine) -> int:
    """Run what is missing, judge, and report; the exit status."""
    every, store = asked.cells(), asked.store
    cells = part.part(every)
    folder = asked.folder
    with writing(folder):
        references.begin(folder, stages_of(every))
    there = all(store.sound(s) for s in closure(stages_of(every)))
    if there and (folder / "report.html").exists() and references.finished(folder, stages_of(every)):
        results = collect(asked.study, asked.setting, every, store)
        with reporting(asked):
            write_results(results, folder)  # whatever happened to those that are there
        console.print(verdict_table(results.judgements))
        console.print(f"nothing to do: every stage is there. {folder / 'report.html'}", highlight=False)
        return 0
    console.print("measuring this machine ...", highlight=False)
    made = make_plan(stages_of(cells), len(cells), store, asked.jobs)
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
        console.print(f"[red]failed:[/] {stage}: {error.strip().splitlines()[-1]}", highlight=False, soft_wrap=True)
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


def plural(n: int, what: str) -> str:
    """A count of things."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


@contextmanager
def reporting(asked: Request) -> Iterator[None]:
    """Nobody else writes the report meanwhile: several jobs may end at once."""
    with writing(asked.folder), asked.store.leases.wait(f"report-{asked.folder.name}"):
        yield


def report(asked: Request, console: Console) -> Results:
    """Judge what has run, and write rows, verdicts and the report."""
    results = collect(asked.study, asked.setting, asked.cells(), asked.store)
    with reporting(asked):
        asked.folder.mkdir(parents=True, exist_ok=True)
        write_results(results, asked.folder)
        page = write_report(results, asked.folder)
        references.finish(asked.folder, stages_of(results.cells))
    console.print(verdict_table(results.judgements))
    console.print(f"report: {page}", highlight=False)
    return results
