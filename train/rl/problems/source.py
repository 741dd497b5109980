"""The protocol of sources of problems, and what others may ask of every source."""

from collections.abc import Sequence
from typing import Protocol

from synthtasks.problem import Problem
from train.stages.stage import Context


class ProblemSource(Protocol):
    """A source of problems; `draw` numbers the batches within an iteration.

    A `Batch` is written and judged as arrays where its family and the surface allow it, other sequences problem by problem.

    It may have two attributes besides. `trials()`: stand-ins for it while the stages that it reads have not run, one with problems of usual
    length, one with the longest. `stream`: the names of its problems, if they depend on less than its fields.
    """

    def batch(self, context: Context, count: int, seed: int, iteration: int, draw: int) -> Sequence[Problem]: ...


def trials(source: ProblemSource) -> tuple[ProblemSource, ProblemSource]:
    """Sources that stand for this one while the stages that it reads have not run: with problems of usual length, and with the longest."""
    found: tuple[ProblemSource, ProblemSource] = source.trials() if hasattr(source, "trials") else (source, source)
    return found


def stream(source: ProblemSource) -> object:
    """An identity of the names of a source's problems: sources with equal ones may draw equal problems in equal iterations."""
    return getattr(source, "stream", source)
