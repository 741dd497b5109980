"""Hypothesis strategies: problems of a family, dials, arbitrary traces and completions, and mutants."""

from hypothesis import strategies as st

from synthtasks.families.dials import Dialled, turnable
from synthtasks.families.kit.family import Family
from synthtasks.probes.mutants import KINDS, Mutant, mutant
from synthtasks.problem import Problem
from synthtasks.rng import rng
from synthtasks.surfaces.surface import Surface
from synthtasks.trace import Assertion, Trace, Words
from synthtasks.vocab import END, PAD, Vocab

DRAWN = "while drawing of"  # the beginning of the note on an error of a family
ODD = ("", " ", "\n", "٣", "３", "03", "+3", "3.0", "1_0", "-", '"', "answer", END, PAD)  # words that a lenient reader may confuse


def problems_of(family: Family) -> st.SearchStrategy[Problem]:
    """Problems of `family`; the simplest is the first."""
    return st.integers(0, 10**6).map(lambda i: drawn(family, "law", i))


def drawn(family: Family, *path: str | int) -> Problem:
    """The problem that `family` draws with the generator called `path`; an error of the family gets a note with the path."""
    try:
        return family(rng(*path))
    except Exception as error:
        error.add_note(f"{DRAWN} {type(family).__name__} with rng{path}")
        raise


def dials_of(family: Dialled) -> st.SearchStrategy[dict[str, int]]:
    """Values for the dials of `family`, by field; see `synthtasks.families.dials.turn`.

    Raises:
        ValueError: if the family has no such field.
    """
    turnable(family, [dial.field for dial in family.dials])
    return st.fixed_dictionaries({dial.field: st.sampled_from(dial.values) for dial in family.dials})


@st.composite
def traces_of(draw: st.DrawFn, problem: Problem) -> Trace:
    """Assertions on steps of `problem`, right or wrong, in any order, and an answer."""
    values = st.sampled_from(sorted({*problem.values.values()}, key=str))
    names = st.sampled_from(sorted(problem.by_name))
    assertions: list[Assertion] = []
    for name in draw(st.lists(names, max_size=6)):
        step = problem.by_name[draw(names)]
        operands = tuple(draw(st.one_of(st.just(a), values, names)) for a in step.arguments)
        assertions.append(Assertion(name, step.primitive.symbol, operands, draw(values), 0))
    return Trace(tuple(assertions), draw(values))


def completions(vocab: Vocab, most: int = 40) -> st.SearchStrategy[Words]:
    """Up to `most` words, of a vocabulary or odd ones, in any order.

    Raises:
        ValueError: if `most` is negative.
    """
    if most < 0:
        raise ValueError(f"completions take a `most` of at least 0; found {most}")
    return st.lists(st.one_of(st.sampled_from(vocab.words), st.sampled_from(ODD)), max_size=most).map(tuple)


@st.composite
def mutants_of(draw: st.DrawFn, problem: Problem, surface: Surface, vocab: Vocab) -> Mutant | None:
    """The solution of `problem` with one mistake; None if the problem allows no mistake of the drawn kind."""
    return mutant(draw(st.sampled_from(KINDS)), problem, surface, vocab, rng("mutant", draw(st.integers(0, 10**6))))
