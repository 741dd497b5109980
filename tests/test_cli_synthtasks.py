"""`python -m synthtasks`, run as a user runs it."""

import re
import subprocess
import sys

import pytest

from synthtasks import Program, problem
from synthtasks.surfaces import Compact


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-W", "error", "-m", "synthtasks", *arguments], capture_output=True, text=True)


def sections(text: str) -> dict[str, list[list[str]]]:
    """The words of each line below each heading."""
    blocks = [block.splitlines() for block in text.split("\n\n")]
    return {block[0]: [line.split() for line in block[1:]] for block in blocks}


# broken if the page shows another problem, another solution, or a verdict that is not the judge's
def test_show_prints_problem_solution_graph_and_verdicts():
    done = run("show", "program", "--steps", "5", "--seed", "0")
    assert (done.returncode, done.stderr) == (0, "")
    p = problem(Program(steps=5), "train", "show", 0)
    shown = sections(done.stdout)
    _, asked, solution, graph, right, wrong = shown
    assert p.key[:12] in done.stdout
    assert tuple(word for line in shown[asked] for word in line) == Compact().prompt(p)
    assert tuple(word for line in shown[solution] for word in line) == Compact().solution(p)
    assert [line[1] for line in shown[graph] if line[0] == "*"] == [step.name for step in p.proof]
    assert [line[0] for line in shown[graph] if line[0] != "*"] == [step.name for step in p.steps if step not in p.proof]
    assert [line[-2:] for line in shown[graph] if line[-1] == "answer"] == [["the", "answer"]]
    assert [line[4] for line in shown[right][:-2]] == ["right"] * 5
    assert shown[right][-2:] == [f"answer {p.answer}: correct, sound, complete, exact".split(), ["process:", "right"]]
    assert [line[4] for line in shown[wrong][:-2]] == ["right", "right", "wrong", "wrong", "wrong"]
    assert shown[wrong][2][5:] == ["it", "is", str(p.values[p.proof[2].name])]
    assert shown[wrong][-2:] == [f"answer {p.answer}: correct, not sound, not complete, exact".split(), ["process:", "wrong"]]


# broken if a dial is not passed on
def test_every_dial_is_heard():
    done = run("show", "program", "--steps", "4", "--lines", "7", "--uses", "max", "4", "--split", "test", "--seed", "3")
    shown = list(sections(done.stdout).values())
    assert re.search(r"7 lines .* 4 of them .*\nseed 3, split test", done.stdout)
    assert [line[1] for line in shown[4][:-2]] == ["^"] * 4
    assert done.stdout != run("show", "program", "--steps", "4", "--lines", "7", "--uses", "max", "4", "--split", "test").stdout


# broken if the columns of a page do not stand under each other
def test_columns_are_aligned():
    graph = run("show", "program", "--lines", "60", "--steps", "30", "--seed", "1").stdout.split("\n\n")[3].splitlines()[1:]
    assert len({tuple(sign.start() for sign in re.finditer("=", line)) for line in graph}) == 1
    assert len({line.index("->") for line in graph if "->" in line}) == 1


# broken if a bad dial ends in a traceback, in success, or without the reason
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--steps", "30"), "error: a program of 24 lines has windows of 1 to 24 steps; found steps=30\n"),
        (("--uses", "foo", "1"), "error: no primitive is called 'foo'; there are add, sub, mul, max, min\n"),
        (("--uses", "max", "x"), "error: --uses takes a primitive and a count, as in `--uses max 2`; found the count 'x'\n"),
        (("--split", "dev"), "invalid choice: 'dev'"),
        (("--steps", "two"), "invalid int value: 'two'"),
    ],
)
def test_a_bad_dial_is_named(arguments, message):
    done = run("show", "program", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(message) or message in done.stderr.splitlines()[-1]


# broken if the tasks need anything of the study: they are to be used without a learner, on a bare machine
def test_the_tasks_import_nothing_of_the_study():
    heavy = ("torch", "hypothesis", "matplotlib", "rich", "lightning", "scipy", "safetensors", "tyro", "models", "train", "analysis")
    code = f"import sys, synthtasks, synthtasks.corpus, synthtasks.__main__; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
