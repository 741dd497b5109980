"""Questions to a policy: draw or type a problem, and see the policy's steps with the judge's marks."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import torch
from rich.console import Console
from rich.text import Text

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
from train.stages.stage import Undefined

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
    """Read problems, typed or to be drawn, and print the policy's answers, until `q` or the end of the input.

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
            console.print(
                show(question, rollout(policy.model, policy.vocab, (question,), Sampler(group=1, surface=surface), "ask", turn).traces[0])
            )
        except ValueError as mistake:
            console.print(str(mistake), style="red")
