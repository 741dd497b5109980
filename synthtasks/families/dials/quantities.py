"""Quantities: numbers that can be measured on a problem of any family."""

from collections.abc import Callable
from functools import reduce
from math import isqrt
from operator import or_

from synthtasks.problem import Problem
from synthtasks.shown.posed import longest_path as longest_path

Quantity = Callable[[Problem], float]


def length(problem: Problem) -> int:
    """Steps that the answer depends on."""
    return len(problem.proof)


def width(problem: Problem) -> int:
    """Steps of the proof that can be done in parallel: the largest set without a dependence."""
    places = {step.name: i for i, step in enumerate(problem.proof)}
    below: list[int] = []  # by step: a bit set of the steps that it depends on, directly or not
    for needed in problem.proof:
        direct = [places[a] for a in needed.arguments if isinstance(a, str)]
        below.append(reduce(or_, (below[i] | 1 << i for i in direct), 0))
    follower: dict[int, int] = {}  # a maximum matching of steps with steps that they depend on, by augmenting paths
    untried = 0

    def follows(step: int) -> bool:
        nonlocal untried
        while candidates := below[step] & untried:
            before = candidates.bit_length() - 1
            untried ^= 1 << before
            if before not in follower or follows(follower[before]):
                follower[before] = step
                return True
        return False

    for step in range(len(below)):
        untried = -1  # all
        follows(step)
    return len(below) - len(follower)  # the fewest chains that cover all steps, by Dilworth's theorem


def most_operands(problem: Problem) -> int:
    """The most operands of a step of the proof."""
    return max(len(step.arguments) for step in problem.proof)


def shared_uses(problem: Problem) -> int:
    """Uses of a step of the proof beyond its first; 0 for a tree."""
    return sum(isinstance(a, str) for step in problem.proof for a in step.arguments) - len(problem.proof) + 1


def statements(problem: Problem) -> int:
    """Steps that the problem states, distractors included."""
    return len(problem.steps)


def distractors(problem: Problem) -> int:
    """Steps that the answer does not depend on."""
    return len(problem.steps) - len(problem.proof)


def branching_off(problem: Problem) -> int:
    """Distractors that depend on a step of the proof."""
    needed = {step.name for step in problem.proof}
    return sum(any(a in needed for a in step.arguments) for step in problem.steps if step.name not in needed)


def unconnected(problem: Problem) -> int:
    """Distractors that depend on no step of the proof."""
    return distractors(problem) - branching_off(problem)


def table_entries(problem: Problem) -> int:
    """Entries of the tables that the problem states."""
    return sum(len(table.entries) for table in problem.tables)


def board_side(problem: Problem) -> int:
    """The side of a square board that has a cell for every value."""
    return isqrt(problem.modulus)


def text_length(problem: Problem) -> int:
    """Letters of the answer; 0 for a number."""
    return len(problem.answer) if isinstance(problem.answer, tuple) else 0


def domain_size(problem: Problem) -> int:
    """The size of the domain of values."""
    return problem.modulus


QUANTITIES: dict[str, Quantity] = {
    "length": length,
    "depth": longest_path,
    "width": width,
    "fan-in": most_operands,
    "shares": shared_uses,
    "statements": statements,
    "distractors": distractors,
}
"""Quantities of a problem of any family, by name."""
