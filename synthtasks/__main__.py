"""`python -m synthtasks show program --steps 5 --seed 0`: a problem, its solution, its graph, and what the judge says of two traces."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import get_args

from synthtasks.families import Program, Uses, problem
from synthtasks.primitives import PRIMITIVES
from synthtasks.problem import Problem, Split
from synthtasks.surfaces import Compact
from synthtasks.trace import Assertion, Words
from synthtasks.verify import verify

SURFACE = Compact()
COLUMNS = 6  # lines of a program in a row of text
GAP = " "  # a column of nothing


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what was asked for; 2 if the dials contradict each other."""
    asked = parser().parse_args(arguments)
    try:
        family = program(asked.steps, asked.lines, asked.uses)
        drawn = problem(family, asked.split, "show", asked.seed)
    except ValueError as mistake:
        print(f"error: {mistake}", file=sys.stderr)
        return 2
    print(*page(drawn, asked.seed), sep="\n")
    return 0


def parser() -> argparse.ArgumentParser:
    """The words of the command line."""
    top = argparse.ArgumentParser(prog="python -m synthtasks", description="Compositional reasoning problems with an exact judge.")
    commands = top.add_subparsers(title="commands", required=True, metavar="command")
    show = commands.add_parser("show", help="print a problem, its solution, its graph and two verdicts")
    show.add_argument("family", choices=["program"], help="what is drawn: a straight-line program")
    show.add_argument("--steps", type=int, default=3, help="lines that the answer depends on (default: %(default)s)")
    show.add_argument("--lines", type=int, default=24, help="lines of the program (default: %(default)s)")
    show.add_argument("--seed", type=int, default=0, help="which problem (default: %(default)s)")
    show.add_argument("--split", choices=get_args(Split), default="train", help="of which split (default: %(default)s)")
    show.add_argument(
        "--uses",
        nargs=2,
        metavar=("NAME", "COUNT"),
        help=f"apply the primitive NAME at least COUNT times; NAME is one of {', '.join(PRIMITIVES)}",
    )
    return top


def program(steps: int, lines: int, uses: tuple[str, str] | None) -> Program:
    """The family of these dials.

    Raises:
        ValueError: if the dials contradict each other, or `uses` is not a primitive and a count.
    """
    family = Program(steps, lines)
    if uses is None:
        return family
    name, count = uses
    if name not in PRIMITIVES:
        raise ValueError(f"no primitive is called {name!r}; there are {', '.join(PRIMITIVES)}")
    if not (count.isascii() and count.isdecimal()):
        raise ValueError(f"--uses takes a primitive and a count, as in `--uses max 2`; found the count {count!r}")
    primitives = tuple(dict.fromkeys((*family.primitives, PRIMITIVES[name])))  # the window can apply what it must use
    return replace(family, primitives=primitives, uses=Uses((name,), int(count)))


def page(p: Problem, seed: int) -> Iterator[str]:
    """All that there is to show of a problem, a line at a time."""
    solution = SURFACE.solution(p)
    prompt, lines = SURFACE.prompt(p), 3 * len(p.steps)
    yield f"A program of {len(p.steps)} lines modulo {p.modulus}, {len(p.proof)} of them to run"
    yield f"seed {seed}, split {p.split}, key {p.key[:12]}"
    yield from ("", "PROBLEM", *_grid(prompt[:lines], 3), "  " + " ".join(prompt[lines:]))
    yield from ("", "SOLUTION", *_grid(solution[:-3], 4), "  " + " ".join(solution[-3:]))
    yield from ("", "GRAPH (* the answer depends on it; -> what uses it)", *_graph(p))
    yield from ("", "VERDICT on the solution", *_judged(p, solution))
    yield from ("", "VERDICT on the solution with one wrong value", *_judged(p, slipped(p, solution)))


def slipped(p: Problem, solution: Words) -> Words:
    """The solution, with the value of its middle step one too high and nothing else changed."""
    assertions = SURFACE.read(solution).assertions
    wrong = assertions[len(assertions) // 2]
    return (*solution[: wrong.at], str((wrong.value + 1) % p.modulus), *solution[wrong.at + 1 :])


def _grid(words: Words, size: int) -> Iterator[str]:
    """Lines of `size` words, several to a row."""
    lines = list(_table([words[i : i + size] for i in range(0, len(words), size)]))
    for i in range(0, len(lines), COLUMNS):
        yield "  ".join(lines[i : i + COLUMNS])


def _graph(p: Problem) -> Iterator[str]:
    needed = {step.name for step in p.proof}
    rows: list[Words] = []
    for step in p.steps:
        left, right = step.arguments
        formula = (step.name, "=", str(left), step.primitive.symbol, str(right), "=", str(p.values[step.name]))
        used = ", ".join(p.graph.successors(step.name))
        asked = "the answer" if step.name == p.query else ""
        rows.append(("*" if step.name in needed else "", *formula, GAP, f"-> {used}" if used else "", GAP, asked))
    yield from _table(rows)


def _judged(p: Problem, words: Words) -> Iterator[str]:
    trace = SURFACE.read(words)
    verdict = verify(p, trace)
    rows: list[Words] = []
    for assertion, right in zip(trace.assertions, verdict.steps, strict=True):
        said = words[assertion.at - 3 : assertion.at + 1]
        rows.append((*said, GAP, "right" if right else "wrong", GAP, "" if right else _why(p, assertion)))
    yield from _table(rows)
    parts = {"correct": verdict.correct, "sound": verdict.sound, "complete": verdict.complete, "exact": verdict.exact}
    yield f"  answer {trace.answer}: " + ", ".join(part if holds else f"not {part}" for part, holds in parts.items())
    yield f"  process: {'right' if verdict.process else 'wrong'}"


def _why(p: Problem, assertion: Assertion) -> str:
    true = p.values[assertion.name]
    return f"it is {true}" if assertion.value != true else "it builds on a wrong step"


def _table(rows: Sequence[Words]) -> Iterator[str]:
    """Rows of words in columns; numbers stand to the right of theirs."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (f"{word:>{width}}" if word.isdecimal() else f"{word:<{width}}" for word, width in zip(row, widths, strict=True))
        yield ("  " + " ".join(cells)).rstrip()


if __name__ == "__main__":
    sys.exit(main())
