"""Seeds and splits: two seeds share no more problems than chance allows, and train and test share none."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from math import log, sqrt

from synthtasks import Program, problem, problems
from synthtasks.families import FUNCTIONS, S3, Circuit, Compose, Dag, Family, Grid, Group, Hops, Tree
from synthtasks.primitives import ADD, MAX, SUB
from synthtasks.surfaces import Equations
from tests.campaign.cases import FAMILIES, HIDDEN
from tests.interpreter import INTERPRETERS, Told
from tests.interpreter.canonical import form

RARE = 1e-9  # by chance, so seldom does a family fail that is right
TEST = 8  # of so many problems drawn, one is a test problem
MANY = 5  # conflicts are kept as examples
FACTS = 3  # who has fewer may lie in both splits

SMALL: dict[str, Family] = {
    "program": Program(steps=3, lines=6, modulus=4),
    "program of words": Program(steps=3, lines=6, primitives=(ADD, MAX, SUB), modulus=3),
    "dag": Dag(steps=3, depth=2, branching=2, disconnected=1, primitives=(ADD, SUB), modulus=3),
    "dag that shares": Dag(steps=4, depth=4, shares=1, branching=2, primitives=(ADD, SUB, MAX), modulus=2),
    "circuit": Circuit(steps=3, depth=3, branching=2, disconnected=1),
    "circuit that shares": Circuit(steps=4, depth=4, shares=1),
    "tree": Tree(steps=3, depth=2, modulus=3),
    "hops": Hops(steps=3, nodes=5),
    "group S3": Group(steps=3, product=S3),
    "grid": Grid(steps=3, side=3, walls=2),
    "grid with few walls": Grid(steps=4, side=2, walls=1),
    "compose": Compose(steps=3, letters=2, modulus=3, functions=FUNCTIONS, definitions="visible"),
}
"""Families in which the same problem comes again and again, so that a leak would be seen."""


@dataclass(frozen=True)
class Coincidences:
    """Pairs of equal problems: of two of one seed, and of one of each."""

    within: int
    across: int
    expected: float  # across, if problems belong to their seeds by chance
    bound: float  # by chance alone, not exceeded but once in 1/RARE families

    @property
    def passed(self) -> bool:
        return self.across <= self.bound


def coincidences(family: Family, count: int) -> Coincidences:
    """So many training problems of seed 1, and of seed 2.

    How often seeds agree with themselves says how large the family is, and so how often they agree with each other: if
    they are no better acquainted than that, then of the t problems that are one and the same, each is of either seed by
    the throw of a coin. Pairs across seeds then have the mean t (t - 1) / 4 and the variance t (t - 1) / 8, to which
    Bernstein's inequality gives the bound.
    """
    one, two = (Counter(drawn.key for drawn in islice(problems(family, "train", "seeds", seed), count)) for seed in (1, 2))
    totals = [one[key] + two[key] for key in {**one, **two}]
    within = sum(n * (n - 1) // 2 for n in (*one.values(), *two.values()))
    across = sum(n * two[key] for key, n in one.items())
    mean = sum(t * (t - 1) for t in totals) / 4
    variance = mean / 2
    largest = max(t * t / 4 for t in totals)
    slack = -log(RARE) * largest / 3
    return Coincidences(within, across, mean, mean + slack + sqrt(slack**2 - 2 * log(RARE) * variance))


@dataclass
class Splits:
    """What was found in the training and test problems of one family."""

    train: set[str] = field(default_factory=set)  # keys
    test: set[str] = field(default_factory=set)
    forms: dict[str, tuple[str, str]] = field(default_factory=dict)  # as the interpreter reads the prompt: key and split
    problems: int = 0
    conflicts: int = 0  # forms with two keys or in two splits
    examples: list[str] = field(default_factory=list)

    @property
    def shared(self) -> int:
        """Keys that are in both splits."""
        return len(self.train & self.test)

    @property
    def passed(self) -> bool:
        return not self.shared and not self.conflicts


def splits(family: Family, first: int, last: int, found: Splits) -> None:
    """The problems from the first to the last, to what was found: one in eight of them for the test.

    Their keys are the library's. Their forms are read from their prompts, by nothing of the library's.
    """
    surface, interpreter = Equations(), INTERPRETERS["Equations"]
    for i in range(first, last):
        drawn = problem(family, "train" if i % TEST else "test", "splits", i)
        prompt = surface.prompt(drawn)
        read = form(interpreter.question(prompt, Told(drawn.modulus, HIDDEN)))
        found.problems += 1
        if drawn.split != "both":
            (found.train if i % TEST else found.test).add(drawn.key)
        known = found.forms.setdefault(read.text, (drawn.key, drawn.split))
        if known != (drawn.key, drawn.split) or (read.facts < FACTS) != (drawn.split == "both"):
            found.conflicts += 1
            if len(found.examples) < MANY:
                now, before = ", ".join((drawn.split, drawn.key[:8])), ", ".join((known[1], known[0][:8]))
                found.examples.append(f"{' '.join(prompt)!r} is {read.text}: {now}; before: {before}")


SEEDED: dict[str, Family] = {**FAMILIES, **{f"small {name}": family for name, family in SMALL.items()}}
