"""Problems a second of one core, beside another library's: drawn and written as text, and also read again and judged."""

import gc
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import islice

from synthtasks.families import Dag, Family, Program, problems
from synthtasks.surfaces import Compact, Equations, Surface
from synthtasks.verify import verify
from tests.bench.rows import Row, missing, paired

COUNT = 500
CASES: dict[str, tuple[Family, Surface]] = {
    "Program, 10 of 20 lines": (Program(steps=10, lines=20), Compact()),
    "Dag, 10 steps, 5 deep": (Dag(steps=10, depth=5), Equations()),
    "Dag, the same among 6 distractors": (Dag(steps=10, depth=5, branching=3, disconnected=3), Equations()),
}
FOREIGN: dict[str, dict[str, int]] = {  # data sets of Reasoning Gym, with options: questions and answers, without derivations
    "chain_sum": {"min_terms": 10, "max_terms": 10},
    "basic_arithmetic": {"min_terms": 10, "max_terms": 10},
    "circuit_logic": {},
}


def written(family: Family, surface: Surface) -> None:
    """Draw problems, and write them with their solutions."""
    for p in islice(problems(family, "train", "speed"), COUNT):
        assert " ".join(surface.prompt(p) + surface.solution(p))


def judged(family: Family, surface: Surface) -> None:
    """Draw, write, encode, read and judge."""
    vocab = surface.vocab(family.names, family.primitives, family.modulus)
    for p in islice(problems(family, "train", "speed"), COUNT):
        solution = surface.solution(p)
        vocab.encode(surface.prompt(p) + solution)
        assert verify(p, surface.read(solution)).process


def foreign(dataset: str) -> None:
    """Problems of Reasoning Gym."""
    import reasoning_gym

    data = reasoning_gym.create_dataset(dataset, size=COUNT, seed=1, **FOREIGN[dataset])
    for i in range(COUNT):
        assert data[i]["answer"]


def made() -> Iterator[Row]:
    """Rows for each case, and their ratios to each of the other library's."""
    gc.freeze()  # else the collector walks torch, which the task library does not load, again and again
    others = tuple(FOREIGN) if find_spec("reasoning_gym") else ()
    ours = [
        (f"{name}: {done.__name__}", lambda f=f, s=s, do=done: do(f, s)) for name, (f, s) in CASES.items() for done in (written, judged)
    ]
    seconds = paired(*(do for _, do in ours), *(lambda d=d: foreign(d) for d in others))
    gc.unfreeze()
    theirs = dict(zip(others, seconds[len(ours) :], strict=True))
    for (name, _), took in zip(ours, seconds, strict=False):
        yield Row(name, COUNT / took, "problems/s")
        for dataset, other in theirs.items():
            yield Row(f"  {dataset} of Reasoning Gym", COUNT / other, "problems/s", other / took, "ours has so many times its rate")
    if not others:
        yield missing("  data sets of Reasoning Gym")
