"""The options of the commands that take a study: its name, the scale, the folder, and the study's own options."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Protocol, TypeVar

import tyro
from rich.console import Console

from analysis.design.scale import CPU, SCALES, Scale, at_a_time
from analysis.design.study import NoOptions, Study
from analysis.studies import NAMES, STUDIES
from synthtasks.commands.line import parse
from synthtasks.console.mistakes import among

if TYPE_CHECKING:
    from analysis.cli.request import Request

ALL = "all"
STUDY = tyro.conf.arg(metavar="STUDY", help=f"{', '.join(NAMES)}; or {ALL}: every study")
OWN = tyro.conf.arg(metavar="FILE.py:NAME", help="a study of your own in the place of a name", help_behavior_hint="(default: none)")
ONLY = tyro.conf.arg(
    metavar="AXIS=VALUE,...", help="cells with these labels, as in primitive=absent,region=at", help_behavior_hint="(default: all cells)"
)
OUT = tyro.conf.arg(metavar="DIR", help_behavior_hint="(default: runs/SCALE)")
JOBS = tyro.conf.arg(metavar="INT", help_behavior_hint="(default: as many as this machine has room for, as above)")


class Command(Protocol):
    """A parsed command; a call carries it out, and returns the exit status, or None for success."""

    def __call__(self, console: Console) -> int | None: ...


@dataclass(frozen=True)
class Options:
    """Options of every command that takes a study: its name, the scale, and the folder."""

    name: Annotated[tyro.conf.Positional[str], STUDY] = NAMES[0]
    study: Annotated[str, OWN] = ""
    scale: Literal["smoke", "cpu", "gpu", "large"] = "cpu"  # the sizes, the seeds, the machine and the folder, as above
    first_seed: int = 0  # seeds are counted from here
    only: Annotated[str, ONLY] = ""
    out: Annotated[Path | None, OUT] = None  # results
    jobs: Annotated[int | None, JOBS] = None  # stages at a time
    sizes: tyro.conf.OmitArgPrefixes[Scale] = CPU
    own: tyro.conf.OmitArgPrefixes[object] = NoOptions()

    def __call__(self, console: Console) -> int | None:
        raise NotImplementedError  # each command does

    @classmethod
    def sized(cls, scale: Scale) -> Scale:
        """The sizes of the command unless it is told others: those of a scale."""
        return scale

    def requests(self) -> tuple["Request", ...]:
        """A request for each chosen study, checked."""
        from analysis.cli.request import request  # imports torch and all that a study may need

        out, every = self.out or Path("runs") / self.scale, self.name == ALL
        studies = [chosen(name, self.study) for name in (NAMES if every else (self.name,))]
        own = [study.options if every else self.own for study in studies]
        return tuple(request(s, self.sizes, self.first_seed, o, self.only, out, self.jobs) for s, o in zip(studies, own, strict=True))

    def request(self) -> "Request":
        """The request for the one chosen study.

        Raises:
            ValueError: if `all` were chosen.
        """
        if self.name == ALL:
            raise ValueError(f"this command takes one study; found {ALL}. One of {', '.join(NAMES)}, or --study file.py:NAME")
        return self.requests()[0]


def chosen(name: str, study: str) -> Study:
    """The study with a name, or from a file.

    Raises:
        ValueError: if there is no such study.
    """
    if study:
        return from_file(study)
    if name not in STUDIES:
        raise ValueError(f"there is no study {name!r}; {among(name, NAMES)}; from a file: --study file.py:NAME")
    return STUDIES[name]


def from_file(study: str) -> Study:
    """The study of `file.py:NAME`. The file becomes a module, named by its stem, which worker processes can import.

    Raises:
        ValueError: if there is no such file, another module has its name, or it holds no study of that name.
    """
    path, _, name = study.rpartition(":")
    file = Path(path).resolve()
    if file.suffix != ".py" or not file.stem.isidentifier() or not file.is_file():
        raise ValueError(f"--study takes file.py:NAME, as in my_study.py:STUDY; found {study!r}, and {path or study} is no such file")
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))  # at the end: no file there hides a module that others import
    module = import_module(file.stem)
    if (there := getattr(module, "__file__", None)) is None or Path(there).resolve() != file:
        raise ValueError(f"--study {study}: a module {file.stem} is there already, {there or 'built in'}; call the file otherwise")
    studies = {n: value for n, value in vars(module).items() if isinstance(value, Study)}
    if name not in studies:
        raise ValueError(f"--study {study}: {name} is no Study; {path} holds {', '.join(studies) or 'none'}")
    return studies[name]


Of = TypeVar("Of", bound=Options)


def parsed(command: type[Of], words: Sequence[str], program: str = "python -m analysis") -> Of:
    """A command from the words after its name. The study is parsed first, since its options extend those of the command.

    Raises:
        ValueError: if there is no such study, one of its options has the name of another option, or the words are none of the command.
        SystemExit: after the help.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for option in ("--study", "--scale"):
        parser.add_argument(option, nargs="?")
    first, _ = parser.parse_known_args(words)
    name = words[0] if words and not words[0].startswith("-") else ""
    if name and first.study:
        raise ValueError(f"a study's name, or --study; found {name} and {first.study}")
    own = NoOptions() if name == ALL else chosen(name or NAMES[0], first.study or "").options
    taken = {f.name for part in (command, Scale, type(CPU.machine)) for f in fields(part)}
    if twice := sorted(taken & vars(own).keys()):
        raise ValueError(f"a study calls its options as no other option is called; found {', '.join(twice)} in {own}")
    default = command(name=name or NAMES[0], sizes=command.sized(SCALES.get(first.scale or "cpu", CPU)), own=own)
    prog = f"{program} {command.__name__.lower()}"
    options = parse(command, words, f"{prog} {name}".rstrip(), default, scales(), "Sizes below are those of the scale that is given.")
    if options.name != default.name:
        raise ValueError(f"the name of the study, {options.name}, comes first: {prog} {options.name} ...")
    return options


def scales() -> str:
    """A table of what the scales hold, for the help."""
    lines = [f"{'scale':10}{'seeds':>5}  {'model':8}{'pretraining':>11}{'RL':>5}  {'folder':11}jobs"]
    for name, s in SCALES.items():
        rl, jobs = f"{s.rl_iterations:>5}  ", at_a_time(s.machine)
        lines.append(f"  {name:8}{s.seeds:>5}  {f'{s.width} x {s.layers}':8}{s.pretraining:>11,}{rl}{f'runs/{name}':11}{jobs}")
    lines.append("  (width x layers, iterations, and stages at a time here)")
    return "\n".join(lines)
