"""Building blocks of laws: the subject, the search for examples, and the report of a broken law."""

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
    """A family and surfaces to check, and the number of examples of each law."""

    family: Family
    surfaces: tuple[Surface, ...]
    examples: int

    def vocab(self, surface: Surface) -> Vocab:
        """The vocabulary of the family in `surface`."""
        return surface.vocab(self.family.names, self.family.primitives, self.family.modulus)


@dataclass(frozen=True)
class Law:
    """A law, in words and as a check."""

    says: str
    check: Callable[[Subject], None]


def for_all(examples: int, strategy: st.SearchStrategy[T], holds: Callable[[T], None]) -> None:
    """Check `holds` on examples of `strategy`, the same in every run; report the smallest failing example."""

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
        phases=(Phase.generate, Phase.shrink),  # without hypothesis's explanations
        suppress_health_check=list(HealthCheck),
    )
    relaxed(given(strategy)(example))()


def need(holds: object, *message: object) -> None:
    """Require that a condition holds.

    Raises:
        LawBroken: if it does not, with the message, a line each.
    """
    if not holds:
        raise LawBroken("\n  ".join(map(str, message)))


def raised(error: Exception) -> tuple[str, ...]:
    """The report of an unexpected error: the error, its place, and a note on the draw, a line each."""
    frames = extract_tb(error.__traceback__)
    where = [f"raised in {frames[-1].filename}, line {frames[-1].lineno}"] if frames else []
    notes = [note for note in getattr(error, "__notes__", ()) if note.startswith(DRAWN)]
    return (f"{type(error).__name__}: {error}", *where, *notes)


def _told(drawn: object) -> str:
    """An example in one line."""
    if isinstance(drawn, tuple) and not hasattr(drawn, "_fields"):
        return "; ".join(map(_told, drawn))
    return show(drawn) if isinstance(drawn, Problem) else f"example: {shown(drawn)}"


def generators() -> tuple[object, ...]:
    """The state of the global generators, which families and surfaces must not change."""
    return random.getstate(), pickle.dumps(np.random.get_state())  # noqa: NPY002


def show(p: Problem) -> str:
    """A problem in one line."""
    return f"problem: {'; '.join(map(str, p.steps))}; {p.query} is asked for, modulo {p.modulus}"
