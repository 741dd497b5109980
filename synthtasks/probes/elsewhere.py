"""Problems and their texts from another process, in which hashes of strings, and so the order of sets, differ.

Imports no hypothesis, so that the other process starts fast.
"""

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from synthtasks.families.kit.family import Family
from synthtasks.problem import Problem
from synthtasks.rng import rng
from synthtasks.surfaces.surface import Surface

DRAWS = 8  # problems to compare
SEEDS = ("1", "2")  # of hashes; two, because under one seed a set may keep its order by chance
ASTRAY = 3  # exit status of a process that cannot import the family or a surface
SECONDS = 300.0  # limit for a process


class Astray(Exception):
    """Another process cannot import the family or a surface."""


def lines(family: Family, surfaces: tuple[Surface, ...]) -> Iterator[str]:
    """Problems, prompts, solutions and vocabularies, one a line; every process should give equal lines."""
    for i in range(DRAWS):
        p = family(rng("law", "elsewhere", i))
        yield _problem(p)
        for surface in surfaces:
            yield f"{surface} prompt: {' '.join(surface.prompt(p))}"
            yield f"{surface} solution: {' '.join(surface.solution(p))}"
    for surface in surfaces:
        yield f"{surface} vocabulary: {' '.join(surface.vocab(family.names, family.primitives, family.modulus).words)}"


def there(family: Family, surfaces: tuple[Surface, ...]) -> list[list[str]]:
    """The `lines` of other processes, one for each of `SEEDS`.

    Raises:
        Astray: if the family or a surface cannot be imported there: it is of `__main__`, or of a module that is not on the path.
        RuntimeError: if drawing fails there.
        TimeoutExpired: if a process takes too long.
    """
    with ThreadPoolExecutor(len(SEEDS)) as pool:
        return list(pool.map(partial(_one, pickle.dumps((family, surfaces))), SEEDS))


def main() -> None:
    """Run in the other process: read a family and surfaces from standard input, and write their lines."""
    try:
        family, surfaces = pickle.loads(sys.stdin.buffer.read())
    except Exception as reason:
        print(f"{type(reason).__name__}: {reason}")
        sys.exit(ASTRAY)
    print("\n" + json.dumps(list(lines(family, surfaces))))


def _one(sent: bytes, seed: str) -> list[str]:
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-P", "-c", "from synthtasks.probes.elsewhere import main; main()"]
    done = subprocess.run(command, input=sent, capture_output=True, env=environment, timeout=SECONDS)
    output = done.stdout.decode().splitlines()
    if done.returncode == ASTRAY:
        raise Astray(output[-1])
    if done.returncode:
        raise RuntimeError(f"another process could not draw these problems: {done.stderr.decode(errors='replace').strip()}")
    found: list[str] = json.loads(output[-1])
    return found


def _problem(p: Problem) -> str:
    steps = [(s.name, s.primitive.symbol, s.arguments) for s in p.steps]
    tables = [(t.name, t.symbol, t.entries) for t in p.tables]
    return f"problem: {steps}; {p.query} is asked for, modulo {p.modulus}; {p.order} {tables} {p.definitions} {p.key}"
