"""Laws of curricula: every level makes a dataset, and a higher one makes items that are no smaller, beyond chance."""

from collections.abc import Iterator
from functools import cache
from math import hypot, sqrt
from statistics import fmean, stdev
from typing import NamedTuple

from synthtasks.laws.foreign.task import Case, Dataset, Law, Task

ITEMS = 20  # of a level, to measure its size
ERRORS = 3  # standard errors that are no chance
HIGHEST = 3  # level, counted from 0: some tasks take minutes for one item of the levels above


def attributes(task: Task) -> Iterator[Case]:
    for name, levels in task.library.levels(task.name).items():
        yield from (Case(0, level, name) for level in range(levels))


def sizes(task: Task) -> Iterator[Case]:
    for name in task.dials:
        yield from (Case(0, level, name) for level in range(1, min(task.library.levels(task.name)[name], HIGHEST + 1)))


def is_valid(task: Task, case: Case) -> str | None:
    try:
        dataset(task, case)
    except AssertionError as error:
        return f"level {case.index} of {case.probe}: {error}"
    return None


class Size(NamedTuple):
    """The mean size of items, and its standard error."""

    mean: float
    error: float


def grows(task: Task, case: Case) -> str | None:
    below, here = (size(task, Case(case.seed, level, case.probe)) for level in (case.index - 1, case.index))
    if below is None or here is None or below.mean - here.mean <= ERRORS * hypot(below.error, here.error):
        return None
    means = f"{below.mean:.1f} at level {case.index - 1}, and {here.mean:.1f} at level {case.index}"
    return f"{case.probe}: {means}, on average of {ITEMS} items"


@cache
def size(task: Task, case: Case) -> Size | None:
    """The size of items at a level; None where there is no such dataset."""
    if is_valid(task, case) is not None:
        return None
    items = dataset(task, case)
    found = [task.dials[case.probe](items[i]) for i in range(ITEMS)]
    return Size(fmean(found), stdev(found) / sqrt(ITEMS))


def dataset(task: Task, case: Case) -> Dataset:
    return task.library.at(task.name, {case.probe: case.index}, case.seed, ITEMS)


LAWS = (
    Law(
        "levels",
        "Every level of every attribute makes a dataset, with the others at their default level.",
        "the levels that the curricula list",
        attributes,
        is_valid,
    ),
    Law(
        "growth",
        "A higher level makes items that are no smaller on average, beyond chance.",
        "the curricula's descriptions of their attributes",
        sizes,
        grows,
    ),
)
