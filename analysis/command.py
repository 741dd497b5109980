"""What the commands do: from what was typed to a study's setting, and from there to files."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from rich.console import Console

from analysis import references
from analysis.engine import run_stages
from analysis.plan import make_plan
from analysis.progress import minutes, plan_table, shared, watching
from analysis.report import write_report
from analysis.results import Results, collect, write_results
from analysis.scale import SCALES, Scale
from analysis.study import Cell, Setting, Study
from analysis.verdicts import verdict_table
from train.disk import writing
from train.stage import Stage
from train.store import Store

CHECKPOINT_SECONDS = 20.0


@dataclass(frozen=True)
class Request:
    """A study, a setting, and where its results lie."""

    study: Study
    setting: Setting
    only: Mapping[str, str]
    out: Path
    jobs: int

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
        return Store(self.out / "stages", self.setting.scale.machine, CHECKPOINT_SECONDS)

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
) -> Request:
    """What was typed, checked.

    Raises:
        ValueError: if a primitive or a label is unknown, or a number makes no sense.
    """
    chosen = overridden(SCALES[scale], overrides)
    count = chosen.seeds if seeds is None else seeds
    if count < 1:
        raise ValueError(f"a study needs at least one seed; found --seeds {count}")
    setting = Setting(chosen, tuple(withhold), tuple(range(first_seed, first_seed + count)))
    try:
        labels = dict(part.split("=") for part in only.split(",") if part)
    except ValueError:
        raise ValueError(f"--only takes axis=value,axis=value; found {only!r}") from None
    for axis, value in labels.items():
        if value not in study.labels.get(axis, ()):
            known = "; ".join(f"{a}={'|'.join(v)}" for a, v in study.labels.items())
            raise ValueError(f"--only knows {known}; found {axis}={value}")
    return Request(study, setting, labels, out or Path("runs") / scale, jobs or os.cpu_count() or 1)


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


def plan(asked: Request, console: Console) -> None:
    """What would run, and how long it would take."""
    cells = asked.cells()
    made = make_plan(stages_of(cells), len(cells), asked.store, asked.jobs)
    console.print(plan_table(made))
    seeds = len(asked.setting.seeds)
    console.print(
        f"{made.cells} cells of {seeds} seed{'s' if seeds > 1 else ''}, {len(made.stages)} distinct stages "
        f"({shared(made)} of them shared), {len(made.there)} there; about {minutes(made.wall)} with {made.jobs} at a time",
        highlight=False,
    )


def run(asked: Request, console: Console) -> int:
    """Run what is missing, judge, and report; the exit status."""
    cells, store = asked.cells(), asked.store
    folder = asked.folder
    with writing(folder):
        references.begin(folder, stages_of(cells))
    if (folder / "report.html").exists() and all(store.has(s) for s in stages_of(cells)):
        results = collect(asked.study, asked.setting, cells, store)
        console.print(verdict_table(results.judgements))
        console.print(f"nothing to do: every stage is there. {folder / 'report.html'}", highlight=False)
        return 0
    console.print("measuring this machine ...", highlight=False)
    made = make_plan(stages_of(cells), len(cells), store, asked.jobs)
    console.print(plan_table(made))
    console.print(f"{len(made.missing)} stages to run, about {minutes(made.wall)} with {made.jobs} at a time", highlight=False)
    with watching(console, made, store, cells) as watch:
        state = run_stages(made.stages, store, asked.jobs, made.cost, watch)
    if state.failed:
        for stage, error in state.failed.items():
            console.print(f"[red]{stage}[/]: {error}", highlight=False)
        console.print(f"{len(state.failed)} stages failed; the others are kept. The same command tries again.", highlight=False)
        return 1
    report(asked, console)
    return 0


def report(asked: Request, console: Console) -> Results:
    """Judge what has run, and write rows, verdicts and the report."""
    results = collect(asked.study, asked.setting, asked.cells(), asked.store)
    with writing(asked.folder):
        asked.folder.mkdir(parents=True, exist_ok=True)
        write_results(results, asked.folder)
        page = write_report(results, asked.folder)
        references.finish(asked.folder, stages_of(results.cells))
    console.print(verdict_table(results.judgements))
    console.print(f"report: {page}", highlight=False)
    return results
