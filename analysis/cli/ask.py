"""Ask a policy: draw or type a problem, and see its steps with the judge's marks."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import torch
from rich.console import Console
from rich.text import Text

from analysis.report.traces import marks
from synthtasks.families import Program, problem
from synthtasks.families.kit.family import labels
from synthtasks.problem import Problem
from synthtasks.surfaces import Compact
from synthtasks.surfaces.surface import NUMBERS
from synthtasks.trace import Trace
from synthtasks.verify import verify
from train.policy import Policy, load_policy
from train.rl import Sampler, rollout
from train.stages.reading import reading, shown
from train.stages.stage import Undefined

HELP = (
    "Type a number of steps to draw a held-out problem, nothing for another of as many, or a problem as the model reads it; q ends.\n"
    "For instance:"
)


def answer(policy: Policy, asked: Problem, *path: str | int) -> Trace:
    """One sample of the policy, read."""
    return rollout(policy.model, policy.vocab, (asked,), Sampler(group=1), "ask", *path).traces[0]


def show(asked: Problem, trace: Trace) -> Text:
    """The model's steps, each with the judge's mark; what was expected, where it is wrong."""
    text = Text()
    for mark in marks(asked, trace):
        text.append("  ✓ " if mark.right else "  ✗ ", "green" if mark.right else "red")
        text.append(mark.said)
        text.append(f"   {mark.remark}\n" if mark.remark else "\n", "dim")
    process = verify(asked, trace).process
    text.append(f"  true answer {asked.answer}; the derivation is {'right and whole' if process else 'not right'}\n", "bold")
    return text


def task(policy: Policy) -> Program:
    """Programs as large as the words of the policy allow: a line for every name, and a modulus that uses every number.

    Raises:
        ValueError: if it has no words for programs.
    """
    words = policy.vocab.words
    modulus, lines = sum(word in NUMBERS for word in words), len(set(words) & set(labels(len(words))))
    if modulus < 2 or not lines:
        raise ValueError(f"the words of this policy name {lines} lines and {modulus} numbers: it has not learned programs")
    return Program(steps=min(3, lines), lines=lines, modulus=modulus)


def converse(folder: Path, console: Console, read: Callable[[], str]) -> None:
    """Answer problem after problem, until the reader has enough.

    Raises:
        FileNotFoundError: if `folder` holds no policy.
        ValueError: if it holds one that cannot be read, or that knows nothing of programs.
    """
    surface = Compact()
    try:
        policy = load_policy(folder)
    except Undefined as reason:
        raise ValueError(f"{shown(folder)} holds no policy, since there is none: {reason}. Choose the folder of another") from None
    with reading(folder / "policy.json", "Choose another policy"):
        family = task(policy)
        first = " ".join(surface.prompt(problem(family, "test", "ask")))
    torch.set_num_threads(1)
    console.print(HELP, first, highlight=False)
    for turn, typed in zip(count(), _typed(read), strict=False):
        try:
            if typed.isdecimal():
                family = replace(family, steps=int(typed))
            asked = (
                surface.parse(tuple(typed.split()), family.primitives, family.modulus)
                if " " in typed
                else problem(family, "test", "ask", turn)
            )
            console.print(" ".join(surface.prompt(asked)), style="bold", highlight=False)
            console.print(show(asked, answer(policy, asked, turn)))
        except ValueError as mistake:
            console.print(str(mistake), style="red")


def _typed(read: Callable[[], str]) -> Iterator[str]:
    while True:
        try:
            typed = read().strip()
        except EOFError:
            return
        if typed in ("q", "quit", "exit"):
            return
        yield typed
