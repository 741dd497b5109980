"""Laws of what is drawn: items depend on seed and index alone, and differ where these differ."""

import json
import os
import pickle
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from hashlib import sha256

from synthtasks.laws.foreign.task import Case, Entry, Law, Task, cut, drawn, solution

FEW = 30  # items where each is made several times
MANY = 500  # items of a whole dataset: the default size in Reasoning Gym
HASHES = ("1", "2")  # seeds of the hashes of other processes
SECONDS = 300.0  # limit for another process


def few(task: Task) -> Iterator[Case]:
    yield from (Case(0, i) for i in range(FEW))


def every(task: Task) -> Iterator[Case]:
    yield from (Case(0, i) for i in range(MANY))


def repeats(task: Task, case: Case) -> str | None:
    first, again = (task.make(case.seed, FEW)[case.index] for _ in range(2))
    return None if first == again else f"item {case.index} asks {task.asked(first)}, and then {task.asked(again)}"


def in_any_order(task: Task, case: Case) -> str | None:
    dataset, last = task.make(case.seed, FEW), FEW - 1
    backwards = {i: dataset[i] for i in range(last, case.index - 1, -1)}[case.index]
    found = backwards == drawn(task, case.seed, FEW)[case.index] == dataset[case.index]
    return None if found else f"item {case.index} differs, read before or after the others"


def is_the_same_elsewhere(task: Task, case: Case) -> str | None:
    here = digest(drawn(task, case.seed, FEW)[case.index])
    differs = (seed for seed in HASHES if elsewhere(task, case.seed, seed)[case.index] != here)
    seed = next(differs, None)
    return None if seed is None else f"item {case.index} differs in a process with PYTHONHASHSEED={seed}"


@cache
def elsewhere(task: Task, seed: int, hashes: str) -> tuple[str, ...]:
    """Digests of items in another process, where sets have another order."""
    environment = {**os.environ, "PYTHONHASHSEED": hashes, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-P", "-c", "from synthtasks.laws.foreign.of_draws import main; main()"]
    sent = pickle.dumps((task.library, task.name, seed))
    done = subprocess.run(command, input=sent, capture_output=True, env=environment, timeout=SECONDS, check=True)
    return tuple(done.stdout.decode().split())


def main() -> None:
    """Run in the other process: print the digests of items."""
    library, name, seed = pickle.loads(sys.stdin.buffer.read())
    dataset = library.create(name, seed, FEW)
    print(*(digest(dataset[i]) for i in range(FEW)))


def digest(entry: Entry) -> str:
    return sha256(repr((entry["question"], entry["answer"], solution(entry))).encode()).hexdigest()[:16]


def seeds_are_apart(task: Task, case: Case) -> str | None:
    one, two = (drawn(task, seed, FEW) for seed in (case.seed, case.seed + 1))
    question = two[case.index]["question"]
    first, second = (Counter(e["question"] for e in entries) for entries in (one, two))
    if not first[question] or first[question] + second[question] > 2:
        return None  # a question that repeats within a seed is shared by chance
    place = next(i for i, e in enumerate(one) if e["question"] == question)
    return f"item {case.index} of seed {case.seed + 1} is item {place} of seed {case.seed}: {task.asked(one[place])}"


def differ(task: Task, case: Case) -> str | None:
    question, entries = drawn(task, case.seed, MANY)[case.index]["question"], drawn(task, case.seed, MANY)
    before = next(i for i, e in enumerate(entries) if e["question"] == question)
    return None if before == case.index else f"items {before} and {case.index} both ask {task.asked(entries[before])}"


def have_one_answer(task: Task, case: Case) -> str | None:
    entries = drawn(task, case.seed, MANY)
    entry = entries[case.index]
    before = next(e for e in entries if e["question"] == entry["question"])
    if before["answer"] == entry["answer"]:
        return None
    return f"{task.asked(entry)} has the answers {cut(before['answer'])} and {cut(entry['answer'])}"


def survive_json(task: Task, case: Case) -> str | None:
    entry, dataset = drawn(task, case.seed, FEW)[case.index], task.make(case.seed, FEW)
    said = solution(entry)
    try:
        back: Entry = json.loads(json.dumps(entry))
        found = dataset.score_answer(said, back)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None if found == dataset.score_answer(said, entry) else f"the answer {cut(said)} then scores {found:g}"


MADE = "comments in the tasks: “Create deterministic RNG from base seed and idx”"
OURS = "a law of ours, which the documentation does not promise"
LAWS = (
    Law("repeats", "The same seed gives the same items.", MADE, few, repeats),
    Law("order", "An item does not depend on which items were read before.", MADE, few, in_any_order),
    Law("process", "Another process, with other hashes, gives the same items.", MADE, few, is_the_same_elsewhere),
    Law("seeds", "Two seeds share no items, but by chance.", OURS, few, seeds_are_apart),
    Law("twice", "No question occurs twice in a dataset of 500.", "README: “virtually infinite training data”", every, differ),
    Law("one answer", "Equal questions state equal answers.", "README: “a single correct answer”, in some tasks", every, have_one_answer),
    Law("json", "An item that went through JSON is scored as before.", "README: rows with metadata, saved and scored", few, survive_json),
)
