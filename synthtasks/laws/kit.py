"""What laws are made of: what is checked, how examples are found, and how a broken law is reported."""

import pickle
import random
from collections.abc import Callable
from dataclasses import dataclass
from traceback import extract_tb
from typing import TypeVar

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from synthtasks.datasets.received import shown
from synthtasks.families.kit.family import Family
from synthtasks.problem import Problem
from synthtasks.strategies import DRAWN
from synthtasks.surfaces.surface import Surface
from synthtasks.vocab import Vocab

T = TypeVar("T")


class LawBroken(AssertionError):
    """A family or a surface breaks a law."""


@dataclass(frozen=True)
class Subject:
    """What is checked, and on how many examples of each law."""

    family: Family
    surfaces: tuple[Surface, ...]
    examples: int

    def vocab(self, surface: Surface) -> Vocab:
        """Every word that the family can say in `surface`."""
        return surface.vocab(self.family.names, self.family.primitives, self.family.modulus)


@dataclass(frozen=True)
class Law:
    """A law, in words and as a check."""

    says: str
    check: Callable[[Subject], None]


def for_all(examples: int, strategy: st.SearchStrategy[T], holds: Callable[[T], None]) -> None:
    """Check `holds` on examples of `strategy`, the same ones in every run; a failure is of the smallest one found."""

    def example(drawn: T) -> None:
        try:
            holds(drawn)
        except LawBroken:
            raise
        except Exception as error:
            raise LawBroken("\n  ".join((*raised(error), _told(drawn)))) from error

    relaxed = settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),  # what hypothesis would explain is not told
        suppress_health_check=list(HealthCheck),
    )
    relaxed(given(strategy)(example))()


def need(holds: object, *said: object) -> None:
    """Report `said`, a line each, unless it holds.

    Raises:
        LawBroken: if it does not.
    """
    if not holds:
        raise LawBroken("\n  ".join(map(str, said)))


def raised(error: Exception) -> tuple[str, ...]:
    """An error where none should have been, and the place in which it was raised, a line each; and what it was noted to be of."""
    frames = extract_tb(error.__traceback__)
    where = [f"raised in {frames[-1].filename}, line {frames[-1].lineno}"] if frames else []
    notes = [note for note in getattr(error, "__notes__", ()) if note.startswith(DRAWN)]
    return (f"{type(error).__name__}: {error}", *where, *notes)


def _told(drawn: object) -> str:
    """An example, in a line."""
    if isinstance(drawn, tuple) and not hasattr(drawn, "_fields"):
        return "; ".join(map(_told, drawn))
    return show(drawn) if isinstance(drawn, Problem) else f"example: {shown(drawn)}"


def generators() -> tuple[object, ...]:
    """The state of the global generators, which nobody is to move."""
    return random.getstate(), pickle.dumps(np.random.get_state())  # noqa: NPY002


def show(p: Problem) -> str:
    """A problem, in a line."""
    steps = "; ".join(f"{s.name} = {s.primitive.name}({', '.join(map(str, s.arguments))})" for s in p.steps)
    return f"problem: {steps}; {p.query} is asked for, modulo {p.modulus}"
