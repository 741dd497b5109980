"""How fast problems are made and judged, beside another library's, in the same run."""

import gc
import importlib.util
import statistics
import time
from collections.abc import Callable
from itertools import islice

from rich.table import Table

from synthtasks.families import Dag, Family, Program, problems
from synthtasks.surfaces import Compact, Equations, Surface
from synthtasks.verify import verify

ROUNDS = 5
COUNT = 500
CASES: dict[str, tuple[Family, Surface]] = {
    "Program, 10 of 20 lines": (Program(steps=10, lines=20), Compact()),
    "Dag, 10 steps, 5 deep": (Dag(steps=10, depth=5), Equations()),
    "Dag, the same among 6 distractors": (Dag(steps=10, depth=5, branching=3, disconnected=3), Equations()),
}


def paired(*work: Callable[[], object]) -> list[float]:
    """Median CPU seconds of each, in alternating rounds after one that does not count."""
    spent: list[list[float]] = [[] for _ in work]
    for round_ in range(ROUNDS + 1):
        for i, do in enumerate(work):
            began = time.process_time()
            do()
            if round_:
                spent[i].append(time.process_time() - began)
    return [statistics.median(s) for s in spent]


def objects(family: Family, surface: Surface) -> None:
    """Draw, write, encode, read and judge."""
    vocab = surface.vocab(family.names, family.primitives, family.modulus)
    for p in islice(problems(family, "train", "speed"), COUNT):
        solution = surface.solution(p)
        vocab.encode(surface.prompt(p) + solution)
        assert verify(p, surface.read(solution)).process


def foreign() -> None:
    """Chains of sums of reasoning_gym."""
    import reasoning_gym

    data = reasoning_gym.create_dataset("chain_sum", size=COUNT, seed=1)
    for i in range(COUNT):
        assert data[i]["answer"]


def made(table: Table) -> None:
    """Problems a second of one core."""
    there = importlib.util.find_spec("reasoning_gym") is not None
    gc.freeze()  # else the collector walks torch, which the task library does not load, again and again
    if not there:
        table.add_row("reasoning_gym's chain_sum", "not installed", "")
    for name, (family, surface) in CASES.items():
        judged, *other = paired(lambda f=family, s=surface: objects(f, s), *([foreign] if there else []))  # type: ignore[misc]
        beside = f"{other[0] / judged:.2f} x the rate of chain_sum ({COUNT / other[0]:,.0f})" if other else ""
        table.add_row(f"{name}: made, written, encoded, judged", f"{COUNT / judged:,.0f} a second", beside)
