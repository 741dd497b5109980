"""The commands. Each imports its modules when it runs, so that no command waits for the imports, or needs the extras, of another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Annotated, Literal, Protocol, TypeVar

import tyro

from synthtasks.commands.catalogue import FAMILIES, SURFACES, known
from synthtasks.commands.dials import NoDials, dials, turned
from synthtasks.commands.line import Shell, by_name, completion, options, parse
from synthtasks.families import Family
from synthtasks.problem import Split
from synthtasks.surfaces import Surface

FAMILY = tyro.conf.arg(metavar="FAMILY", help=f"{', '.join(FAMILIES)}, or MODULE:NAME for one of your own")
FIRST = tyro.conf.arg(
    metavar="NAME",
    help=f"surface of the problems: {', '.join(SURFACES)}, or MODULE:NAME",
    help_behavior_hint=lambda default: f"(default: {default.strip(chr(39)) or 'the first that can say the family'})",
)
ALL = tyro.conf.arg(metavar="NAME", help="for its problems; may be repeated", help_behavior_hint="(default: all that can say them)")
CONTEXT = tyro.conf.arg(help="of stories", help_behavior_hint="(default: zoo, where --surface is story)")
COUNT = tyro.conf.arg(metavar="N")
DIALS = "A family has its dials as options, too: {0} dag --help."


class Command(Protocol):
    """A parsed command; a call carries it out, and returns the exit status, or None for success."""

    def __call__(self) -> int | None: ...


@dataclass(frozen=True)
class OfAFamily:
    """Options of the commands that draw problems of one family: its dials, and in which words."""

    family: Annotated[tyro.conf.Positional[str], FAMILY]
    surface: Annotated[str, FIRST] = ""
    context: Annotated[Literal["zoo", "school", "festival"] | None, CONTEXT] = None
    seed: Annotated[int, COUNT] = 0  # of the problems
    dials: tyro.conf.OmitArgPrefixes[object] = NoDials()

    def __call__(self) -> int | None:
        raise NotImplementedError  # each command does

    def drawn(self) -> tuple[Family, Surface]:
        """The family with its dials as they are, and the surface.

        Raises:
            ValueError: if the dials contradict each other, or there is no such surface.
        """
        from synthtasks.commands.catalogue import in_context

        found = known(self.family)
        return turned(found.family, self.dials), in_context(self.surface or found.surfaces[0], self.context)


@dataclass(frozen=True)
class Show(OfAFamily):
    """Print a problem, its solution, its graph, and two verdicts. The second is that on a solution with one wrong value."""

    split: Literal["train", "test"] = "train"  # of the problem

    def __call__(self) -> None:
        from synthtasks.commands.show import show

        show(*self.drawn(), self.split, self.seed)


@dataclass(frozen=True)
class Stats:
    """Measure a family's problems: difficulty, guessing, and which dial moves what. Every dial is turned at random, and independently."""

    family: Annotated[tyro.conf.Positional[str], FAMILY]
    problems: Annotated[int, COUNT] = 10_000  # problems to measure; with --overlap, of training
    seed: Annotated[int, COUNT] = 0  # of the problems
    out: Annotated[Path | None, tyro.conf.arg(metavar="FILE.png", help_behavior_hint="(default: no picture)")] = None  # also .svg or .pdf
    overlap: bool = False  # measure instead how many test problems are worked out in training
    steps: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: the family's)")] = None  # of these test problems
    json: bool = False  # print JSON, for programs

    def __call__(self) -> None:
        from synthtasks.commands.stats import overlap, stats

        found = known(self.family)
        if self.overlap:
            overlap(found.family, self.steps, self.problems, self.seed, self.out, self.json)
        elif self.steps is not None:
            raise ValueError("--steps goes with --overlap; without it, every dial is turned")
        else:
            stats(found, self.problems, self.seed, self.out, self.json)


@dataclass(frozen=True)
class Export(OfAFamily):
    """Write a data set: train.jsonl, test.jsonl and README.md, the card; or the format of another library."""

    out: Annotated[Path, tyro.conf.arg(metavar="DIR", help="new folder")] = tyro.MISSING
    # JSON lines with a card, parquet of verl (needs pyarrow), a package for verifiers, or rows and rewards of TRL
    format: Literal["jsonl", "verl", "verifiers", "trl"] = "jsonl"
    # an instruction asks for a derivation, or for the answer alone; plain: the words of the surface
    ask: Literal["plain", "derivation", "answer"] = "plain"
    shots: Annotated[int, COUNT] = 0  # solved examples in a question
    train: Annotated[int, COUNT] = 1_000  # training problems
    test: Annotated[int, COUNT] = 200  # test problems
    dry_run: bool = False  # only print what would be written

    def __call__(self) -> None:
        from synthtasks.commands.export import export

        sizes: Mapping[Split, int] = {"train": self.train, "test": self.test}
        export(*self.drawn(), self.seed, sizes, self.ask, self.shots, self.format, self.out, self.dry_run)


@dataclass(frozen=True)
class Check:
    """Check a family, built-in or of your own, against every law that families and surfaces keep."""

    family: Annotated[tyro.conf.Positional[str], FAMILY]
    surface: tyro.conf.UseAppendAction[Annotated[tuple[str, ...], ALL]] = ()
    examples: Annotated[int, COUNT] = 100  # examples of each law

    def __call__(self) -> int:
        from synthtasks.commands.check import check

        return check(known(self.family), self.surface, self.examples)


@dataclass(frozen=True)
class New:
    """Write a family of your own, that works, with its test and a card: NAME.py, test_NAME.py and NAME.md. Change it from there."""

    name: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="NAME", help="of the module, as clock: its class is Clock")]
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path()  # folder for the three files
    dry_run: bool = False  # only print what would be written

    def __call__(self) -> None:
        from synthtasks.commands.new import new

        new(self.name, self.out, self.dry_run)


@dataclass(frozen=True)
class Completion:
    """Print what makes a shell complete commands, options and choices: eval "$(synthtasks completion bash)"."""

    shell: tyro.conf.Positional[Shell]  # for which shell

    def __call__(self) -> None:
        print(completion("synthtasks", completed(), self.shell))


OF_A_FAMILY: Mapping[str, type[OfAFamily]] = {"show": Show, "export": Export}
VERBS: Mapping[str, type[Command]] = {
    "show": Show, "stats": Stats, "export": Export, "check": Check, "new": New, "completion": Completion,
}  # fmt: skip
Of = TypeVar("Of", bound=OfAFamily)


def of_a_family(command: type[Of], words: Sequence[str], prog: str) -> Of:
    """A command from the words after its name. The family comes first, since its dials extend the options.

    Raises:
        ValueError: if there is no such family, one of its dials has the name of an option, or the words are none of the command.
    """
    if not words or words[0].startswith("-"):
        found = parse(command, words, prog, None, DIALS.format(prog))
        raise ValueError(f"the family comes first, as in {prog} {found.family}; found {' '.join(words)}")
    name = words[0]
    family = known(name)
    own = dials(family.family)
    taken = {option.flag for option in options(command)}
    if twice := [option.flag for option in options(own) if option.flag in taken]:
        raise ValueError(f"{type(family.family).__name__} has a dial {twice[0][2:]!r}, which is an option of the command; rename it")
    default = replace(command(family=name), surface=family.surfaces[0], dials=own)
    return parse(command, words, f"{prog} {name}", default)


def completed() -> dict[str, type[Command]]:
    """The commands as a shell completes them: each family with its own dials."""
    made: dict[str, type[Command]] = {}
    for verb, command in VERBS.items():
        if verb in OF_A_FAMILY:
            made[verb] = by_name("family", command, {name: {"dials": dials(one.family)} for name, one in FAMILIES.items()})
        elif is_dataclass(command) and any(f.name == "family" for f in fields(command)):
            made[verb] = by_name("family", command, {name: {} for name in FAMILIES})
        else:
            made[verb] = command
    return made
