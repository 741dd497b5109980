"""The commands. Each imports its modules when it runs, so that no command waits for the imports of another."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import tyro
from rich.console import Console

from analysis.cli.options import OWN, Command, Options, chosen
from analysis.cli.terminal import Terminal
from analysis.design.scale import Scale
from analysis.design.study import NoOptions
from analysis.studies import STUDIES
from synthtasks.commands.line import Shell, by_name, completion

ONE = tyro.conf.arg(metavar="STUDY", help="one of these studies", help_behavior_hint="(default: all)")
LIMIT = tyro.conf.arg(metavar="SECONDS", help_behavior_hint="(default: no limit)")
LESSONS = tyro.conf.arg(metavar="DIR", help_behavior_hint="(default: runs/lessons)")
NONE = tyro.conf.arg(help_behavior_hint="(default: none)")
ONE_CELL = tyro.conf.arg(metavar="AXIS=VALUE,...", help_behavior_hint="(default: none)")

SIDE_BY_SIDE = 8  # seeds of a demo where stages learn as one


@dataclass(frozen=True)
class List:
    """Every study: its question, cells and minutes a seed, and what each scale holds. With a name, the study's axes and claims."""

    name: Annotated[tyro.conf.Positional[str], ONE] = ""
    study: Annotated[str, OWN] = ""
    scales: bool = False  # every size of every scale instead
    json: bool = False  # print JSON, for programs

    def __call__(self, console: Console) -> None:
        from analysis.cli.tables import list_json, scales_json, show_index, show_list, show_scales

        if bool(self.name) + bool(self.study) + self.scales > 1:
            raise ValueError("list takes a study's name, or --study, or --scales; found several")
        one = [chosen(self.name, self.study)] if self.name or self.study else []
        if self.json:
            print(scales_json() if self.scales else list_json(one or list(STUDIES.values())))
        elif self.scales:
            show_scales(console)
        elif one:
            show_list(one, console)
        else:
            show_index(list(STUDIES.values()), console)


@dataclass(frozen=True)
class Algorithms:
    """Every algorithm of reinforcement learning: its source, the settings that it is meant with, and what of its paper it lacks."""

    json: bool = False  # print JSON, for programs

    def __call__(self, console: Console) -> None:
        from analysis.cli.algorithms import algorithms_json, show_algorithms

        if self.json:
            print(algorithms_json())
        else:
            show_algorithms(console)


@dataclass(frozen=True)
class Plan(Options):
    """Show what would run, what is done, and how long the rest takes."""

    json: bool = False  # print JSON, for programs

    def __call__(self, console: Console) -> None:
        from analysis.cli.command import plan, plan_json

        if self.json:
            print(plan_json(self.requests()))
            return
        for request in self.requests():
            plan(request, console)


@dataclass(frozen=True)
class Run(Options):
    """Run what is missing, judge the claims, and write the report. The same command continues or extends; on several machines
    that share the folder, they share the work."""

    retry: int = 1  # how often a stage whose worker died is tried again
    time_limit: Annotated[float | None, LIMIT] = None  # seconds from its start after which a stage is killed, and has failed
    shard: str = "1/1"  # i/n: the i-th of n shards of the work, for jobs that share the folder
    engine: Literal["local", "ray"] = "local"  # processes on this machine, or tasks on a Ray cluster
    dry_run: bool = False  # say what would run, and leave
    logger: Annotated[Literal["csv", "tensorboard", "wandb"] | None, NONE] = None  # gets the metrics, besides the local files

    def __call__(self, console: Console) -> int:
        from analysis.cli.command import STOPPED, plan, run
        from analysis.cli.request import logged
        from analysis.running.engine import Care, Engine, run_stages
        from analysis.running.shard import shard

        every, part, care, status = self.requests(), shard(self.shard), Care(self.retry, self.time_limit), 0
        engine: Engine = run_stages
        if self.engine == "ray":
            if find_spec("ray") is None:
                raise ValueError("--engine ray needs Ray, which is not installed: pip install 'synthtasks[ray]', or make ray")
            from analysis.running.on_ray import run_on_ray as engine
        for request in every:
            if self.dry_run:
                plan(request, console, part)
            elif status != STOPPED:
                status = max(status, run(logged(request, self.logger) if self.logger else request, console, care, part, engine))
        return status


@dataclass(frozen=True)
class Watch(Options):
    """Serve a page to the browser that shows a study while another process runs it. Reads the results, and changes nothing."""

    port: Annotated[int, tyro.conf.arg(help_behavior_hint="(default: 0, any free one)")] = 0  # of 127.0.0.1

    def __call__(self, console: Console) -> None:
        from analysis.live.watch import watch

        watch(self.request(), self.port, console)


@dataclass(frozen=True)
class Report(Options):
    """Judge and report again, from what has run."""

    dry_run: bool = False  # say what would be written, and leave

    def __call__(self, console: Console) -> None:
        from analysis.cli.command import complete, report

        for request in self.requests():
            complete(request)
            if self.dry_run:
                console.print(f"would write facts.jsonl, findings.json and report.html to {request.folder}")
            else:
                report(request, console)


@dataclass(frozen=True)
class Demo(Options):
    """The study for a class: acts with a question to guess, what policies answer before and after, and curves; space goes on, q leaves."""

    auto: bool = False  # wait for nobody: print everything, act after act
    dry_run: bool = False  # say what would run, and leave

    @classmethod
    def sized(cls, scale: Scale) -> Scale:
        """One seed, or as many as learn as one."""
        return replace(scale, seeds=min(scale.seeds, SIDE_BY_SIDE if scale.machine.stack > 1 else 1))

    def __call__(self, console: Console) -> int | None:
        from analysis.cli.command import plan
        from analysis.cli.demo import demo, opened, shown, unattended
        from analysis.running.engine import run_stages

        request, found = shown(self.request())
        if not self.dry_run:
            return demo(request, found, console, unattended if self.auto else opened(console), run_stages)
        plan(request, console)
        return None


@dataclass(frozen=True)
class Ask:
    """Type or draw problems, and see a policy's steps with the judge's marks, beside those of the policy that it was made of."""

    what: tyro.conf.Positional[str]  # the folder of a policy, which holds policy.json; or the name of a study that was run
    only: Annotated[str, ONE_CELL] = ""  # of a study: labels of one cell, as in primitive=present,region=at,reward=process
    seed: int = 0  # of the cell
    stage: str = "learn"  # of the cell, by its name in the study
    out: Path = Path("runs/cpu")  # of a study: where it lies, DIR of `run --out DIR`

    def __call__(self, console: Console) -> None:
        from analysis.cli.ask import converse, of_a_study

        study = self.out / self.what
        folder = of_a_study(study, self.only, self.seed, self.stage) if study.is_dir() else Path(self.what)
        converse(folder, console, lambda: console.input("> "))


@dataclass(frozen=True)
class Export:
    """Write a policy as a folder of Hugging Face, with a tokenizer and a model card: for transformers, TRL, and other people."""

    folder: tyro.conf.Positional[Path]  # of a stage: DIR/stages/Learn-hash
    out: Path  # the new folder
    allow: Annotated[tuple[str, ...], NONE] = ()  # packages, besides this project's, whose classes and functions stage.json may name
    dry_run: bool = False  # only check that there is a policy, and room for the folder

    def __call__(self, console: Console) -> None:
        from analysis.hub.travel import export, exportable

        if self.dry_run:
            exportable(self.folder, self.out)
        else:
            export(self.folder, self.out, self.allow)
        console.print(f"{'would write' if self.dry_run else 'wrote'} {self.out}; its README.md says how to load it", soft_wrap=True)


@dataclass(frozen=True)
class Import:
    """Take a Llama-shaped model with a tokenizer of words, or an exported policy, from a folder of Hugging Face: say its stage, as a study
    writes it, and make its result."""

    folder: tyro.conf.Positional[Path]  # that save_pretrained wrote, of the model and of its tokenizer
    out: Path = Path("runs/cpu")  # where the studies lie: DIR of `run --out DIR`
    dry_run: bool = False  # only check that the model can be represented here

    def __call__(self, console: Console) -> None:
        from analysis.cli.request import a_folder
        from analysis.hub.travel import take_over

        stage, there = take_over(self.folder, None if self.dry_run else a_folder(self.out))
        console.print(f"in a study: Imported({stage.folder!r}, {stage.digest!r}), from train.hub", soft_wrap=True)
        console.print(f"its policy: {there}" if there else "nothing was written", soft_wrap=True)


@dataclass(frozen=True)
class Rerun:
    """Make a result, and all that it builds on, again from its folder alone, and say whether every bit is the same."""

    folder: tyro.conf.Positional[Path]  # of a stage: DIR/stages/Kind-hash
    out: Annotated[Path | None, tyro.conf.arg(help_behavior_hint="(default: a temporary one)")] = None  # the folder of the rerun
    allow: Annotated[tuple[str, ...], NONE] = ()  # packages, besides this project's, whose classes and functions stage.json may name
    dry_run: bool = False  # say what would be made again, and leave
    json: bool = False  # print the files as JSON, for programs

    def __call__(self, console: Console) -> int | None:
        from analysis.cli.request import a_folder
        from analysis.cli.tables import announce, print_rerun, show_rerun

        if self.dry_run:
            announce(self.folder, self.allow, console)
            return None
        show = print_rerun if self.json else show_rerun
        with TemporaryDirectory() as scratch:
            return show(self.folder, a_folder(self.out or Path(scratch)), self.allow, console)


@dataclass(frozen=True)
class Gc:
    """Remove results, drafts and set-aside folders that no study in the folder refers to."""

    out: Path  # where the studies lie: DIR of `run --out DIR`
    dry_run: bool = False  # only list it
    json: bool = False  # print JSON, for programs

    def __call__(self, console: Console) -> None:
        from analysis.cli.tables import rubbish_json, show_rubbish
        from analysis.running import gc

        found = gc.sort(self.out)
        if self.json:
            print(rubbish_json(found))
        else:
            show_rubbish(found, console)
        if not self.dry_run:
            gc.remove(self.out, found.rubbish)
        if not self.json:
            console.print("nothing was removed" if self.dry_run or not found.rubbish else "removed")


@dataclass(frozen=True)
class Query:
    """Ask all results by SQL (DuckDB); without a query, list the tables: stages, cells, facts, findings, metrics, scores,
    and what is unreadable."""

    sql: Annotated[tyro.conf.Positional[str], tyro.conf.arg(help="a query", help_behavior_hint="(default: list the tables)")] = ""
    out: Path = Path("runs/cpu")  # where the studies lie: DIR of `run --out DIR`
    format: Literal["table", "csv", "json"] = "table"  # of the answer
    json: bool = False  # print JSON, for programs: --format json

    def __call__(self, console: Console) -> None:
        if self.json and self.format == "csv":
            raise ValueError("--json is --format json; found --format csv beside it")
        if not (self.out / "stages").is_dir():
            raise FileNotFoundError(f"{self.out} holds no results: expected {self.out / 'stages'}, as `run --out {self.out}` leaves it")
        try:
            from analysis.sql.query import SHOWS, ask, catalogue
        except ModuleNotFoundError as missing:
            raise ValueError(f"query needs {missing.name}, which is not installed: pip install 'synthtasks[query]'") from None
        answer = ask(self.sql, self.out) if self.sql else catalogue(self.out)
        for fault in answer.damaged:
            Terminal(sys.stderr).print(f"left out: {fault}", style="yellow")
        SHOWS["json" if self.json else self.format](answer, console)


@dataclass(frozen=True)
class Completion:
    """Print what makes a shell complete commands, studies, options and choices: eval "$(synthtasks-study completion bash)"."""

    shell: tyro.conf.Positional[Shell]  # for which shell

    def __call__(self, console: Console) -> None:
        verbs = dict(VERBS)
        for verb, command in OF_A_STUDY.items():  # sizes only below `run`: each Tab reads the whole script
            few = {} if verb == "run" else {"sizes": NoOptions()}
            verbs[verb] = by_name("name", command, {name: {"own": study.options, **few} for name, study in STUDIES.items()})
        print(completion("synthtasks-study", verbs, self.shell))


@dataclass(frozen=True)
class Lesson:
    """Run a lesson: its texts with their results, and its figures as files. Without a number, list the lessons."""

    number: Annotated[tyro.conf.Positional[int | None], NONE] = None  # of the lesson; none: list them
    out: Annotated[Path | None, LESSONS] = None  # folder of all lessons: figures go to OUT/NUMBER, stages to OUT/stages

    def __call__(self, console: Console) -> None:
        from analysis.lessons.performing import perform, show_lessons

        if self.number is None:
            show_lessons(console)
        else:
            perform(self.number, self.out, console)


OF_A_STUDY: Mapping[str, type[Options]] = {c.__name__.lower(): c for c in (Plan, Run, Watch, Report, Demo)}
VERBS: dict[str, type[Command]] = {
    "list": List,
    "algorithms": Algorithms,
    **OF_A_STUDY,
    "ask": Ask,
    "export": Export,
    "import": Import,
    "rerun": Rerun,
    "gc": Gc,
    "query": Query,
    "lesson": Lesson,
    "completion": Completion,
}
