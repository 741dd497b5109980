"""Hypothesis strategies: problems of a family, dials, traces and completions of any sort, and mistakes."""

from hypothesis import strategies as st

from synthtasks.families.dials import Dialled, turnable
from synthtasks.families.kit.family import Family
from synthtasks.probes.mutants import KINDS, Mutant, mutant
from synthtasks.problem import Problem
from synthtasks.rng import rng
from synthtasks.surfaces.surface import Surface
from synthtasks.trace import Assertion, Trace, Words
from synthtasks.vocab import END, PAD, Vocab

DRAWN = "while drawing of"  # how a note begins that says what could not be drawn
ODD = ("", " ", "\n", "٣", "３", "03", "+3", "3.0", "1_0", "-", '"', "answer", END, PAD)  # words that look like others, or like none


def problems_of(family: Family) -> st.SearchStrategy[Problem]:
    """Problems of `family`; the simplest is the first."""
    return st.integers(0, 10**6).map(lambda i: drawn(family, "law", i))


def drawn(family: Family, *path: str | int) -> Problem:
    """The problem that `family` draws with the generator called `path`; if it fails to, the error says with which."""
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
    """Any steps about what is in `problem`, right or wrong, in any order, and an answer."""
    gold_steps = {step.name: step for step in problem.steps}
    values = st.sampled_from(sorted({*problem.values.values()}, key=str))
    said: list[Assertion] = []
    for name in draw(st.lists(st.sampled_from(sorted(gold_steps)), max_size=6)):
        like = gold_steps[draw(st.sampled_from(sorted(gold_steps)))]
        operands = tuple(draw(st.one_of(st.just(a), values, st.sampled_from(sorted(gold_steps)))) for a in like.arguments)
        said.append(Assertion(name, like.primitive.symbol, operands, draw(values), 0))
    return Trace(tuple(said), draw(values))


def completions(vocab: Vocab, most: int = 40) -> st.SearchStrategy[Words]:
    """Any words of a vocabulary, and some of none, in any order.

    Raises:
        ValueError: if there may not be any number of them.
    """
    if most < 0:
        raise ValueError(f"there are at most a number of words from 0; found {most}")
    return st.lists(st.one_of(st.sampled_from(vocab.words), st.sampled_from(ODD)), max_size=most).map(tuple)


@st.composite
def mutants_of(draw: st.DrawFn, problem: Problem, surface: Surface, vocab: Vocab) -> Mutant | None:
    """The solution of `problem` with one mistake; None where the drawn kind of mistake cannot be made."""
    return mutant(draw(st.sampled_from(KINDS)), problem, surface, vocab, rng("mutant", draw(st.integers(0, 10**6))))
