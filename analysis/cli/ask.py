"""Questions to a policy: draw or type a problem, and see the policy's steps with the judge's marks."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import torch
from rich.console import Console
from rich.text import Text

from analysis.cli.terminal import columns
from analysis.design.cells import read_cells, the_one
from analysis.hub.recipe import recorded, solved
from analysis.report.traces import marks
from synthtasks.families import Family, Program, at, problem
from synthtasks.families.kit.family import labels
from synthtasks.problem import Problem
from synthtasks.surfaces import Compact, Surface
from synthtasks.surfaces.surface import NUMBERS
from synthtasks.trace import Trace
from synthtasks.verify import verify
from train.policy import Policy, load_policy
from train.rl import Sampler, rollout
from train.stages.reading import reading, shown
from train.stages.stage import Stage, Undefined

HELP = (
    "Type a difficulty to draw a held-out problem, nothing for another like it, or a problem as the model reads it; q ends.\nFor instance:"
)


def show(problem: Problem, trace: Trace) -> Text:
    """The model's steps, each with the judge's mark; beside a wrong one, the expected step."""
    text = Text()
    for mark in marks(problem, trace):
        text.append("  ✓ " if mark.right else "  ✗ ", "green" if mark.right else "red")
        text.append(mark.said)
        text.append(f"   {mark.remark}\n" if mark.remark else "\n", "dim")
    process = verify(problem, trace).process
    return text.append(f"  true answer {problem.answer}; the derivation is {'right and whole' if process else 'not right'}\n", "bold")


def of_a_study(study: Path, only: str, seed: int, name: str) -> Path:
    """The folder of a stage, by its name in the cell of a study that has these labels.

    Raises:
        ValueError: if the labels are not of the form axis=value,axis=value, or there is no such cell or stage, or more than one.
    """
    given = [label.split("=") for label in only.split(",") if label]
    if any(len(label) != 2 for label in given):
        raise ValueError(f"--only takes axis=value,axis=value; found {only!r}")
    return study.parent / "stages" / the_one(read_cells(study), seed, dict(given)).stage(name)


def earlier(folder: Path) -> Path | None:
    """The folder of the policy that the one in `folder` was made of; None, if its record names none, or it is not there."""
    before = getattr(recorded(folder), "policy", None)
    there = folder.resolve().parent / str(before)
    return there if isinstance(before, Stage) and (there / "policy.json").exists() else None


def task(folder: Path, policy: Policy) -> tuple[Family, Surface]:
    """The family and surface of the solved problems that the policy in `folder` has read, by the record of its stage; of one that has read
    none, or has no record, the largest programs that its vocabulary can express.

    Raises:
        ValueError: if it has no words for programs either.
    """
    if (stage := recorded(folder)) and (found := solved(stage)):
        return found
    words = policy.vocab.words
    modulus, lines = sum(word in NUMBERS for word in words), len(set(words) & set(labels(len(words))))
    if modulus < 2 or not lines:
        raise ValueError(f"the words of this policy name {lines} lines and {modulus} numbers: it has not learned programs")
    return Program(steps=min(3, lines), lines=lines, modulus=modulus), Compact()


def converse(folder: Path, console: Console, read: Callable[[], str]) -> None:
    """Read problems, typed or drawn, and print the policy's answers, until `q` or the end of the input; beside them those of the policy
    that it was made of, if that is there and reads the same words.

    Raises:
        FileNotFoundError: if `folder` holds no policy.
        ValueError: if its policy cannot be read, or has no words for programs.
    """
    try:
        policy = load_policy(folder)
    except Undefined as reason:
        raise ValueError(f"{shown(folder)} holds no policy, since there is none: {reason}. Choose the folder of another") from None
    with reading(folder / "policy.json", "Choose another policy"):
        family, surface = task(folder, policy)
        first = " ".join(surface.prompt(problem(family, "test", "ask")))
        before = load_policy(there) if (there := earlier(folder)) else None
    policies = {"before": before, "after": policy} if before and before.vocab == policy.vocab else {"": policy}
    torch.set_num_threads(1)
    console.print(HELP, first)
    for turn in count():
        try:
            typed = read().strip()
        except EOFError:
            return
        if typed in ("q", "quit", "exit"):
            return
        try:
            if " " in typed:
                if not isinstance(surface, Compact):
                    raise ValueError(f"only problems in {Compact()} can be typed, and this policy reads {surface}; type a difficulty")
                question = surface.parse(tuple(typed.split()), family.primitives, family.modulus)
            else:
                family = at(family, int(typed)) if typed.isdecimal() else family
                question = problem(family, "test", "ask", turn)
            console.print(" ".join(surface.prompt(question)), style="bold")
            sampler, beside = Sampler(group=1, surface=surface), columns(*policies)
            said = [rollout(p.model, p.vocab, (question,), sampler, "ask", turn).traces[0] for p in policies.values()]
            beside.add_row(*(show(question, trace) for trace in said))
            console.print(beside if len(said) > 1 else show(question, said[0]))
        except ValueError as mistake:
            console.print(str(mistake), style="red")
