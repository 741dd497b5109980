"""Ask a policy: draw or type a problem, and see its steps with the judge's marks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import torch
from rich.console import Console
from rich.text import Text

from synthtasks.families import Program, problem
from synthtasks.problem import Problem
from synthtasks.surfaces import Compact
from synthtasks.trace import Words
from synthtasks.verify import Verdict
from train.policy import Policy, load_policy
from train.rollouts import Sampler, rollout

HELP = (
    "Type a problem as the model reads it, for instance [b]A + 3 B * 7 C - 1 run A to C from 5 :[/]\n"
    "or a number of steps to draw a held-out problem, or nothing for another of the same; q ends."
)


@dataclass(frozen=True)
class Marked:
    """A completion with the judge's marks."""

    words: Words
    marks: tuple[bool, ...]  # of each assertion
    verdict: Verdict


def answer(policy: Policy, asked: Problem, *path: str | int) -> Marked:
    """One sample of the policy, judged."""
    r = rollout(policy.model, policy.vocab, (asked,), Sampler(group=1), "ask", *path)
    words = policy.vocab.decode(r.tokens[0][r.mask[0]].tolist())
    return Marked(words, r.verdicts[0].steps, r.verdicts[0])


def show(asked: Problem, said: Marked, surface: Compact) -> Text:
    """The model's steps, each with its mark; what was expected, where it is wrong."""
    text = Text()
    trace = surface.read(said.words)
    for assertion, right in zip(trace.assertions, said.marks, strict=True):
        start = assertion.at - 3
        text.append("  ✓ " if right else "  ✗ ", "green" if right else "red")
        text.append(" ".join(said.words[start : assertion.at]) + f" gives {assertion.value}")
        if not right:
            text.append(f"   expected {_expected(asked, assertion.name)}", "dim")
        text.append("\n")
    right = said.verdict.correct
    text.append(f"  answer {trace.answer if trace.answer is not None else 'none'}", "green" if right else "red")
    text.append(f" (true: {asked.answer})")
    text.append("; the derivation is " + ("right and whole\n" if said.verdict.process else "not right\n"), "bold")
    if trace.unread:
        text.append(f"  could not be read: {' '.join(trace.unread)}\n", "yellow")
    return text


def _expected(asked: Problem, line: str) -> str:
    step = asked.by_name.get(line)
    if step is None or step not in asked.proof:
        return "no such step"
    return f"{line} {step.primitive.symbol} {step.arguments[1]} gives {asked.values[line]}"


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
            console.print(show(asked, answer(policy, asked, turn), surface))
        except ValueError as mistake:
            console.print(f"[red]{mistake}[/]", highlight=False)


def _typed(read: Callable[[], str]) -> Iterator[str]:
    while True:
        try:
            typed = read().strip()
        except EOFError:
            return
        if typed in ("q", "quit", "exit"):
            return
        yield typed
