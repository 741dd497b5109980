"""The command line: `python -m analysis list | plan | run | watch | report | demo | ask | rerun | gc | query`."""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, make_dataclass
from importlib import import_module
from importlib.util import find_spec
from inspect import getsource
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal, Protocol

import tyro
from rich.console import Console
from rich.text import Text

from analysis.cli import command
from analysis.cli.ask import converse
from analysis.cli.demo import demo, lesson
from analysis.cli.listing import list_json, show_list
from analysis.cli.request import Request, a_folder, logged, request, stages_of
from analysis.cli.terminal import Terminal
from analysis.live.watch import watch
from analysis.running import gc, rerun
from analysis.running.engine import Care, Engine, run_stages
from analysis.running.shard import shard
from analysis.studies import STUDIES
from analysis.studies.scale import Scale
from synthtasks.console.output import Unheard, heard
from synthtasks.console.stdout import say_every_character
from train.stages.lease import Lost

PLAIN_WIDTH = 160  # columns, where there is no terminal that has a width
NOT_DONE = 141  # exit status of who was still at work when nobody read any more, as of a shell's command
HIDDEN = ("machine", "seeds")  # fields of a scale that have options of their own

SAID = dict(re.findall(r"^    (\w+): .*?  # (.+)$", getsource(Scale), re.MULTILINE))  # of each field, by the comment beside it
Overrides = make_dataclass(
    "Overrides",
    [
        (
            f.name,
            Annotated[f.type | None, tyro.conf.arg(help=SAID[f.name], help_behavior_hint="(default: the scale's)")],  # type: ignore[operator]
            field(default=None),
        )
        for f in fields(Scale)
        if f.name not in HIDDEN
    ],
    frozen=True,
)


def local() -> Engine:
    """Processes on this machine."""
    return run_stages


def on_ray() -> Engine:
    """Tasks on a Ray cluster. Ray is loaded when it is asked for.

    Raises:
        ValueError: if it is not installed.
    """
    if find_spec("ray") is None:
        raise ValueError("--engine ray needs Ray, which is not installed: pip install 'synthtasks[ray]', or make ray")
    engine: Engine = import_module("analysis.running.on_ray").run_on_ray
    return engine


ENGINES = {"local": local, "ray": on_ray}


LOOKS = (tyro.conf.DisallowNone, tyro.conf.FlagCreatePairsOff)  # of the help: no {None}, no --no-dry-run


@dataclass(frozen=True)
class Options:
    """Which study, how large, and where."""

    study: tyro.conf.Positional[Literal["grid"]] = "grid"
    scale: Literal["smoke", "cpu", "gpu"] = "cpu"
    seeds: int | None = None  # how many; each is a pretraining seed with its own RL seed
    first_seed: int = 0
    withhold: tuple[str, ...] = ("mul",)  # primitives that the absent arm does not learn to compute
    only: str = ""  # cells with these labels, as in primitive=absent,region=at
    out: Path | None = None  # results; default runs/SCALE
    jobs: int | None = None  # stages at a time; default as many as the cores have room for
    override: Annotated[Overrides, tyro.conf.arg(name="")] = Overrides()  # type: ignore[valid-type]

    def request(self) -> Request:
        """What was asked for, checked."""
        overrides: Mapping[str, object] = asdict(self.override)
        return request(
            STUDIES[self.study],
            self.scale,
            overrides,
            self.seeds,
            self.first_seed,
            self.withhold,
            self.only,
            self.out,
            self.jobs,
        )


@dataclass(frozen=True)
class List:
    """Every study, its axes and its claims."""

    json: bool = False  # for programs

    def __call__(self, console: Console) -> int:
        if self.json:
            sys.stdout.write(list_json(STUDIES) + "\n")
        else:
            show_list(STUDIES, console)
        return 0


@dataclass(frozen=True)
class Plan(Options):
    """What would run, what is there, and how long the rest takes."""

    def __call__(self, console: Console) -> int:
        command.plan(self.request(), console)
        return 0


@dataclass(frozen=True)
class Run(Options):
    """Run what is missing, judge the claims, and write the report. The same command continues or extends; on several machines
    that share the folder, they share the work."""

    retry: int = 1  # how often a stage whose worker died is tried again
    time_limit: float | None = None  # seconds from where it begins; a stage that takes longer is killed, and has failed
    shard: str = "1/1"  # i/n: the i-th of n parts of the work, for jobs that share the folder
    engine: Literal["local", "ray"] = "local"  # processes on this machine, or tasks on a Ray cluster
    dry_run: bool = False  # say what would run, and leave
    logger: Literal["csv", "tensorboard", "wandb"] | None = None  # gets the metrics of what runs, besides the local files

    def __call__(self, console: Console) -> int:
        asked, part, care = self.request(), shard(self.shard), Care(self.retry, self.time_limit)
        if self.dry_run:
            command.plan(asked, console, part)
            return 0
        if self.logger:
            asked = logged(asked, self.logger)
        return command.run(asked, console, care, part, ENGINES[self.engine]())


@dataclass(frozen=True)
class Watch(Options):
    """A page in the browser that shows a study while another process runs it, or before. Reads the results, and changes nothing."""

    port: int = 0  # of 127.0.0.1; default any free one

    def __call__(self, console: Console) -> int:
        watch(self.request(), self.port, console)
        return 0


@dataclass(frozen=True)
class Report(Options):
    """Judge and report again, from what has run."""

    dry_run: bool = False  # say what would be written, and leave

    def __call__(self, console: Console) -> int:
        asked = self.request()
        missing = sum(not asked.store.has(s) for s in set(stages_of(asked.cells())))
        if missing:
            raise ValueError(f"{command.plural(missing, 'stage')} not in {asked.store.root} yet; use `run`, which ends with the report")
        if self.dry_run:
            console.print(f"would write rows.jsonl, verdicts.json and report.html to {asked.folder}", highlight=False)
            return 0
        command.report(asked, console)
        return 0


@dataclass(frozen=True)
class Demo(Options):
    """One seed of the study, live, with a sentence before each act."""

    dry_run: bool = False  # say what would run, and leave

    def __call__(self, console: Console) -> int:
        asked = lesson(self.request())
        if self.dry_run:
            command.plan(asked, console)
            return 0
        return demo(asked, console)


@dataclass(frozen=True)
class Ask:
    """Type or draw problems, and see a policy's steps with the judge's marks."""

    checkpoint: tyro.conf.Positional[Path]  # a folder that holds policy.json and policy.safetensors

    def __call__(self, console: Console) -> int:
        converse(self.checkpoint, console, lambda: console.input("> "))
        return 0


@dataclass(frozen=True)
class Rerun:
    """Make a result, and all that it stands on, again from its folder alone, and say whether every bit is the same."""

    folder: tyro.conf.Positional[Path]  # of a stage: DIR/stages/Kind-hash
    out: Path | None = None  # where it is made again; default a temporary folder
    allow: tuple[str, ...] = ()  # packages, besides this project's, whose classes and functions stage.json may name
    dry_run: bool = False  # say what would be made again, and leave

    def __call__(self, console: Console) -> int:
        if self.dry_run:
            rerun.announce(rerun.read_folder(self.folder, self.allow), self.folder.resolve().parent, console)
            return 0
        with TemporaryDirectory() as scratch:
            return rerun.show(self.folder, a_folder(self.out or Path(scratch)), self.allow, console)


@dataclass(frozen=True)
class Gc:
    """Remove results, drafts and what was set aside, as far as no study in the folder refers to them."""

    out: Path  # where the studies lie: DIR of `run --out DIR`
    dry_run: bool = False  # only list it

    def __call__(self, console: Console) -> int:
        found = gc.sort(self.out)
        gc.summary(found, console)
        if not self.dry_run:
            gc.remove(self.out, found.rubbish)
        console.print("nothing was removed" if self.dry_run or not found.rubbish else "removed")
        return 0


@dataclass(frozen=True)
class Query:
    """Ask all results by SQL (DuckDB); without a query, list the tables: stages, rows, verdicts, metrics, scores, and what
    is unreadable."""

    sql: tyro.conf.Positional[str] = ""
    out: Path = Path("runs/cpu")  # where the studies lie: DIR of `run --out DIR`
    format: Literal["table", "csv", "json"] = "table"

    def __call__(self, console: Console) -> int:
        if not (self.out / "stages").is_dir():
            raise FileNotFoundError(f"{self.out} holds no results: expected {self.out / 'stages'}, as `run --out {self.out}` leaves it")
        try:
            query = import_module("analysis.sql.query")
        except ModuleNotFoundError as missing:
            raise ValueError(f"query needs {missing.name}, which is not installed: pip install 'synthtasks[query]'") from None
        answer = query.ask(self.sql, self.out) if self.sql else query.catalogue(self.out)
        for fault in answer.damaged:
            Terminal(sys.stderr).print(f"left out: {fault}", style="yellow")
        query.SHOWS[self.format](answer, console)
        return 0


class Command(Protocol):
    """What was typed, ready to be carried out; returns the exit status."""

    def __call__(self, console: Console) -> int: ...


def main() -> int:
    """Parse, run, and turn a user's mistake into a message."""
    say_every_character()
    console = Terminal() if sys.stdout.isatty() else Terminal(width=PLAIN_WIDTH)
    kept = ""
    every = (List, Plan, Run, Watch, Report, Demo, Ask, Rerun, Gc, Query)
    verbs: dict[str, Callable[..., Command]] = {c.__name__.lower(): c for c in every}
    try:
        typed = sys.argv[1:] or ["--help"]
        chosen = tyro.extras.subcommand_cli_from_dict(verbs, description=__doc__, prog="python -m analysis", args=typed, config=LOOKS)
        kept = "; the same command continues where it was" if isinstance(chosen, Run | Demo) else ""
        status: int = chosen(console)
        return status
    except Unheard:
        if kept:
            return NOT_DONE
        raise
    except (ValueError, OSError, Lost) as mistake:
        Terminal(sys.stderr).print(Text.assemble(("error:", "red"), f" {mistake}"), soft_wrap=True)
        return 2
    except KeyboardInterrupt:
        console.print(f"\nstopped{kept}")
        return 130


if __name__ == "__main__":
    sys.exit(heard(main))
