"""Tasks of other libraries: every law has teeth, and what was found of Reasoning Gym is still true."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version

import pytest

from synthtasks.bridges.gym.kept import ADVICE, PAGE, SAYS, kept
from synthtasks.laws.foreign import LAWS, Dataset, Decoration, Entry, Task, judged, page, stale
from synthtasks.rng import rng

BY_NAME = {law.name: law for law in LAWS}


@dataclass(frozen=True)
class Sums:
    """A library of one task, which keeps all laws, or has the fault that it is made with."""

    fault: str = ""
    name: str = "sums"
    version: str = "1"

    def create(self, task: str, seed: int, size: int, level: int = 1) -> Dataset:
        return Sum(self.fault, seed, level, [])

    def at(self, task: str, levels: Mapping[str, int], seed: int, size: int) -> Dataset:
        (level,) = levels.values()
        assert self.fault != "levels" or level != 1, "there is no level 1"
        return self.create(task, seed, size, 3 - level if self.fault == "growth" else level + 1)

    def levels(self, task: str) -> Mapping[str, int]:
        return {"terms": 3}

    def extract(self, completion: str) -> str | None:
        found = completion.partition("<answer>")[2].partition("</answer>")[0].strip()
        return found + "." if self.fault == "decoration" else found


@dataclass(frozen=True)
class Sum:
    """Items that ask for a sum, and their scores."""

    fault: str
    seed: int
    level: int
    read: list[int]

    def __getitem__(self, idx: int) -> Entry:
        self.read.append(idx)
        name = {"seeds": (self.seed + idx,), "twice": (self.seed, idx % 499)}.get(self.fault, (self.seed, idx))
        g = rng("sums", *name, *[len(self.read)] * (self.fault == "order"), *[os.getpid()] * (self.fault == "process"))
        if self.fault == "repeats":
            g = rng("sums", id(self.read), *name)
        terms = [int(t) for t in g.integers(10**6, 10**7, 2 * self.level)]
        asked, right = "0 = 0" if self.fault == "asks" and idx == 3 else " + ".join(map(str, terms)), str(sum(terms))
        if self.fault in ("one answer", "checked") and idx == 3:
            asked, right = ("1 + 1", "2") if self.fault == "one answer" else (asked, str(sum(terms) + 1))
        if self.fault == "one answer" and idx == 4:
            asked, right = "1 + 1", "3"
        metadata: dict[str, object] = {"example_answer": right, "asked": (asked,)}
        if self.fault == "copied":
            asked = f"{asked}\n2. {right}"
        return {"question": asked, "answer": None if self.fault in ("stated", "example") else right, "metadata": metadata}

    def score_answer(self, answer: str | None, entry: Entry) -> float:
        right = str(entry["metadata"]["example_answer"])
        if self.fault == "total" and answer == "(":
            raise RecursionError
        if self.fault == "json" and not isinstance(entry["metadata"]["asked"], tuple):
            return 0.0
        if self.fault == "data" and answer is not None and "warn" in answer:
            eval(answer)
        if self.fault == "example" or answer is None:
            return 1.0 if self.fault == "nothing" else 0.0
        lenient = {
            "other": answer.isdecimal(),
            "double": answer.startswith(f"{right} "),
            "inside": answer.startswith(right),
            "many": answer.endswith(f", {right}"),
        }.get(self.fault, False)
        return 1.0 if answer == right or lenient else 0.1 * (self.fault == "pays")


def right(entry: Entry, answer: str) -> bool:
    terms = entry["question"].splitlines()[0]
    return terms == "0 = 0" or sum(map(int, terms.split(" + "))) == int(answer)


def sums(fault: str = "") -> Task:
    return Task(Sums(fault), "sum", "arithmetic", right, (Decoration("as it is", lambda a, e: a),), {"terms": lambda e: len(e["question"])})


# Broken if a law refused a task that keeps it, or tried nothing.
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_a_sound_task_keeps_every_law(law):
    cell = judged(sums(), law)
    assert (cell["broken"], cell["example"]) == (0, None)
    assert bool(cell["tried"]) == (law.name != "example")


# Broken if a law let pass what it is there for, or its counterexample did not come back as it was kept.
@pytest.mark.parametrize("name", BY_NAME)
def test_every_law_finds_its_fault(name):
    cell = judged(sums(name), BY_NAME[name])
    assert cell["broken"] > 0
    assert cell["example"] is not None
    if name not in ("process", "repeats"):  # these faults differ from run to run
        assert stale(cell, sums(name), BY_NAME[name]) is None
        assert stale(cell, sums(), BY_NAME[name]) is not None


# Broken if the page were that of another table, or a pair of a law and a task were left out.
def test_the_kept_table_is_whole():
    found = kept()
    assert [law["name"] for law in found["laws"]] == [law.name for law in LAWS]
    assert [(c["law"], c["task"]) for c in found["cells"]] == [(law["name"], t["name"]) for law in found["laws"] for t in found["tasks"]]
    assert len(found["tasks"]) == 10
    assert PAGE.read_text(encoding="utf-8") == "\n".join(page(found, SAYS, ADVICE)) + "\n"
    for cell in found["cells"]:
        assert (cell["example"] is None) == (cell["broken"] == 0)


CHECK = """
from synthtasks.bridges.gym.kept import kept
from synthtasks.bridges.gym.tasks import TASKS
from synthtasks.laws.foreign import LAWS, stale
laws, tasks = {law.name: law for law in LAWS}, {task.name: task for task in TASKS}
print(*filter(None, (stale(cell, tasks[cell["task"]], laws[cell["law"]]) for cell in kept()["cells"])), sep="\\n")
"""


# Broken if a statement about Reasoning Gym were not true, or could not be repeated.
def test_what_was_found_is_found_again():
    pytest.importorskip("reasoning_gym", reason="tasks of Reasoning Gym need synthtasks[reasoning-gym]")
    if version("reasoning-gym") != kept()["version"]:
        pytest.skip(f"the table is of reasoning-gym {kept()['version']}")
    run = [sys.executable, "-W", "ignore", "-c", CHECK]
    done = subprocess.run(run, env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True, encoding="utf-8", timeout=300)
    assert (done.stdout.strip(), done.returncode) == ("", 0), done.stderr
