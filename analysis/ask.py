"""Ask a policy: draw or type a problem, and see its steps with the judge's marks."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import torch
from rich.console import Console
from rich.text import Text

from analysis.traces import marks
from synthtasks.families import Program, problem
from synthtasks.problem import Problem
from synthtasks.surfaces import Compact
from synthtasks.trace import Trace
from synthtasks.verify import verify
from train.policy import Policy, load_policy
from train.rollouts import Sampler, rollout

HELP = (
    "Type a problem as the model reads it, for instance [b]A + 3 B * 7 C - 1 run A to C from 5 :[/]\n"
    "or a number of steps to draw a held-out problem, or nothing for another of the same; q ends."
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


def converse(folder: Path, lines: int, modulus: int, console: Console, read: Callable[[], str]) -> None:
    """Answer problem after problem, until the reader has enough.

    Raises:
        FileNotFoundError: if `folder` holds no policy.
    """
    policy, surface, family = load_policy(folder), Compact(), Program(steps=3, lines=lines, modulus=modulus)
    torch.set_num_threads(1)
    console.print(HELP)
    for turn, typed in zip(count(), _typed(read), strict=False):
        try:
            if typed.isdecimal():
                family = Program(steps=int(typed), lines=lines, modulus=modulus)
            asked = (
                surface.parse(tuple(typed.split()), family.primitives, modulus) if " " in typed else problem(family, "test", "ask", turn)
            )
            console.print(" ".join(surface.prompt(asked)), style="bold", highlight=False)
            console.print(show(asked, answer(policy, asked, turn)))
        except ValueError as mistake:
            console.print(str(mistake), style="red", markup=False, highlight=False)


def _typed(read: Callable[[], str]) -> Iterator[str]:
    while True:
        try:
            typed = read().strip()
        except EOFError:
            return
        if typed in ("q", "quit", "exit"):
            return
        yield typed
