"""Studies take any family in any surface: its difficulty, its derivations, documents without results, and what is withheld of it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, compress, islice, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthtasks import Circuit, Compose, Dag, Grid, Group, Hops, Mix, Part, Problem, Program, Tree, Uses, laws, problem, rng, verify
from synthtasks.corpora import Corpus, Listing, Outline, Recipe, Solved, unsolved
from synthtasks.families import (
    HELD_OUT,
    S3,
    TRAINED,
    Family,
    Needing,
    at,
    difficulties,
    difficulty,
    has_one_derivation,
    knowing,
    level,
    needing,
    problems,
)
from synthtasks.primitives import ADD, GATES, MAX, MUL, SUB
from synthtasks.surfaces import Code, Compact, Equations, Story
from synthtasks.surfaces.surface import ending, unplaced
from synthtasks.trace import Assertion, Trace, Words, gold
from synthtasks.vocab import END
from tests.strategies import examples
from tests.test_families import PAIRS

DEFAULTS: tuple[tuple[Family, int], ...] = (
    (Program(), 24),
    (Dag(), 30),
    (Circuit(), 30),
    (Tree(), 30),
    (Hops(), 11),
    (Group(), 30),
    (Grid(), 30),
    (Compose(), 30),
    (Needing(Dag(), Uses(("mul",), 2)), 30),
)


# --- difficulty ---


# broken if a difficulty is skipped, or a problem is of another than its family was put at
@pytest.mark.parametrize(("family", "most"), DEFAULTS, ids=lambda x: type(x).__name__)
def test_a_family_has_problems_of_every_difficulty(family: Family, most: int) -> None:
    assert difficulties(family, 30) == tuple(range(1, most + 1))
    for n in (1, 2, 3, 5, 8, most):
        harder = at(family, n)
        assert level(harder) == n
        assert {difficulty(family).measure(harder(rng("level", i))) for i in range(5)} == {n}


# broken if depth follows where it need not, or by more than it has to: of depth 4 are proofs of 4 to 15 steps, of depth 5 up to 31
@pytest.mark.parametrize(("steps", "depth"), [(1, 1), (3, 3), (4, 4), (15, 4), (16, 5), (31, 5), (32, 6)])
@pytest.mark.parametrize("family", [Dag(), Tree(), Circuit()])
def test_depth_follows_only_where_it_must(family: Any, steps: int, depth: int) -> None:
    assert at(family, steps) == replace(family, steps=steps, depth=depth)


# broken if shares and totals, which need levels of their own, are forgotten: with one each, proofs of depth 4 have 6 to 7 steps,
# those of depth 5 have 7 to 11, and those of depth 6 have 8 to 19
def test_depth_follows_with_shares_and_totals() -> None:
    special = Dag(6, 4, shares=1, totals=1)
    assert [at(special, n) for n in (6, 7, 8, 11, 12)] == [
        replace(special, steps=n, depth=d) for n, d in ((6, 4), (7, 4), (8, 5), (11, 5), (12, 6))
    ]
    with pytest.raises(ValueError, match="takes 6 to 7 steps; found Shape"):
        at(special, 5)


# broken if what has no difficulty, or not this one, is taken all the same
def test_what_has_no_such_difficulty_is_refused() -> None:
    with pytest.raises(ValueError, match="Mix has no dial of difficulty; declare it as the first of its dials, such as dials = "):
        at(Mix((Part(1, Tree()),)), 3)
    with pytest.raises(ValueError, match="1 to 11 hops to another node; found steps=12"):
        at(Hops(), 12)


# broken if a family that follows the guide needs more than the guide says
def test_the_family_of_the_guide_will_do() -> None:
    guide = (Path(__file__).parent.parent / "synthtasks" / "README.md").read_text(encoding="utf-8")
    code = next(c for c in re.findall(r"```python\n(.*?)```", guide, re.DOTALL) if "class Clock" in c)
    said: dict[str, Any] = {"__name__": "clock"}
    exec(code, said)
    clock = said["Clock"]()
    assert [len(at(clock, n)(rng("clock")).proof) for n in difficulties(clock, 4)] == [1, 2, 3, 4]
    assert has_one_derivation(clock)
    needed = needing(clock, Uses(("mirrored",), 2))
    assert all(sum(s.primitive.name == "mirrored" for s in p.proof) >= 2 for p in islice(problems(needed, "test", "clock"), 20))
    with pytest.raises(ValueError, match="Clock has no field that holds its primitives"):
        knowing(clock, ("mirrored",))


# --- derivations ---


def accepted(p: Problem, most: int) -> Iterator[Trace]:
    """All traces of up to `most` steps that the judge accepts. A step that is wrong stays wrong, so none is added after one."""
    values = sorted({*p.values.values(), *(a for s in p.steps for a in s.arguments if not isinstance(a, str))}, key=str)
    names, symbols = [s.name for s in p.steps], {(s.primitive.symbol, len(s.arguments)) for s in p.steps}
    operands = [None, *names, *values]
    steps = [
        Assertion(name, symbol, said, value, 0)
        for name in names
        for symbol, arity in sorted(symbols)
        for said in product(operands, repeat=arity)
        for value in values
    ]
    level: list[tuple[Assertion, ...]] = [()]
    for _ in range(most + 1):
        for made in level:
            yield from (Trace(made, answer) for answer in (*values, None) if verify(p, Trace(made, answer)).process)
        level = [(*made, step) for made in level for step in steps if verify(p, Trace((*made, step), None)).sound]


TINY: tuple[Family, ...] = (
    Program(2, 3, modulus=3),
    Program(3, 3, (ADD,), (ADD,), modulus=2),
    Group(2, S3),
    Hops(2, 3),
    Grid(2, 2, 1),
    Compose(3, letters=2, modulus=2),
    Mix((Part(1, Group(2, S3)), Part(1, Program(2, 2)))),
    Needing(Program(2, 3, modulus=3), Uses(("mul",), 1)),
    Dag(3, 3, modulus=2, branching=1),
    Tree(3, 3, modulus=2),
    Circuit(3, 3, primitives=GATES[:2]),
    Dag(3, 2, modulus=2),
    Dag(2, 2, modulus=3, surplus="allowed"),
    Tree(3, 2, modulus=2),
    Circuit(3, 2, primitives=GATES[:2]),
    Mix((Part(1, Tree(3, 2)), Part(1, Group(2, S3)))),
    Needing(Tree(3, 2, modulus=2), Uses(("mul",), 1)),
)


# broken if a problem of a family that declares one derivation has several, or all problems of one that does not have one.
# Every trace of up to one step more than the proof is tried; operands that go without saying are, where they say the same, the same words.
@pytest.mark.parametrize("family", TINY, ids=lambda f: type(f).__name__)
def test_a_family_has_one_derivation_exactly_if_it_says_so(family: Family) -> None:
    several = False
    for i in range(3):
        p = family(rng("tiny", i))
        found = {
            Trace(tuple(a._replace(operands=s.arguments) for a, s in pairs), t.answer)
            for t in accepted(p, len(p.proof) + 1)
            for pairs in [[(a, p.by_name[a.name]) for a in t.assertions]]
        }
        assert gold(p) in found
        several |= len(found) > 1
    assert several != has_one_derivation(family)


@st.composite
def pieced(draw: st.DrawFn, name: str) -> tuple[Any, Words]:
    """A surface, and words that it may read without remainder: sentences of some solutions in any order, some of their words changed."""
    family, surfaces = PAIRS[name]
    surface = draw(st.sampled_from(surfaces))
    p = problem(family, "train", "pieced", draw(st.integers(0, 200)))
    solution = surface.solution(p)
    words = list(solution[: -len(ending(p.answer))])
    for _ in range(draw(st.integers(0, 3))):
        i, j = draw(st.integers(0, len(words) - 1)), draw(st.integers(0, len(words) - 1))
        words[i] = words[j]
    return surface, (*words, *solution[-len(ending(p.answer)) :])


# broken if a surface says a trace in two ways: a right derivation would then be several completions
@pytest.mark.parametrize("name", PAIRS)
def test_what_is_read_without_remainder_is_written_the_same(name: str) -> None:
    @examples(60)
    @given(pieced(name))
    def check(drawn: tuple[Any, Words]) -> None:
        surface, words = drawn
        trace = surface.read(words)
        if not trace.unread:
            assert surface.write(unplaced(trace)) == words

    check()


NAME = Story().name("B")
SENTENCES: tuple[tuple[Any, Words, Words, tuple[Words, ...]], ...] = (
    (Equations(), ("A", "="), ("=", "8", ";"), (("B",), ("3",), ("+",), ("max",), ("(",), (",",), (")",))),
    (Code(), ("assert", "(", "A", ":="), (")", "==", "8", ";"), (("B",), ("3",), ("+",), ("max",), ("(",), (",",), (")",), ("%", "m"))),
    (Story(), (*Story().name("A"), "are"), ("so", "8", "."), (NAME, ("3",), ("plus",), ("+",), ("max",), ("the",), ("of",), ("and",))),
)


# broken if a formula can be put in two ways, `+ ( B , 3 )` for `B + 3`: all of up to six words are tried
@pytest.mark.parametrize(("surface", "before", "after", "words"), SENTENCES, ids=["equations", "code", "story"])
def test_every_formula_is_put_in_one_way(surface: Any, before: Words, after: Words, words: tuple[Words, ...]) -> None:
    read = 0
    for formula in (s for size in range(1, 7) for s in product(words, repeat=size)):
        sentence = (*before, *chain.from_iterable(formula), *after)
        trace = surface.read(sentence)
        if trace.assertions:
            read += 1
            assert surface.write(trace) == (*sentence, END)
    assert read > 4


# broken if a law lets a family say that its problems have one derivation, though they have several
def test_a_false_declaration_breaks_a_law() -> None:
    with pytest.raises(laws.LawBroken, match=r"`one_derivation` is declared, but this problem has several"):
        laws.check(Declared(6, 3), Equations(), examples=10)


class Declared(Tree):
    """A tree that says what is wrong of it."""

    one_derivation = True  # type: ignore[assignment]


# --- documents and what is withheld ---


# broken if a word that gives a withheld result carries loss, or one that does not is masked: the other words are the same whatever the
# results are, and the answer, which is a copy of what stands before it, is learned
@pytest.mark.parametrize(("name", "surface"), [(name, s) for name, (_, surfaces) in PAIRS.items() for s in surfaces], ids=str)
def test_withheld_results_are_masked_wherever_a_surface_puts_them(name: str, surface: Any) -> None:
    family = PAIRS[name][0]
    applied = tuple(p.name for p in family.primitives)
    recipe = Recipe(1, family, Solved(surface))
    for i in range(4):
        p = problem(family, "train", "masks", i)
        document, trace = recipe.write(p), gold(p)
        for withheld in ((), *((one,) for one in applied), applied):
            learned = Corpus((recipe,), withheld).learned(document)
            changed = [p.by_name[a.name].primitive.name in withheld for a in trace.assertions]
            others = tuple(a._replace(value=_every_letter(a.value, p)) if c else a for a, c in zip(trace.assertions, changed, strict=True))
            other = surface.write(replace(trace, assertions=others))
            differs = [x != y for x, y in zip(document.body, other, strict=True)]
            quotes = [learned[j] is False and document.body[j] == '"' for j in range(len(learned))]
            assert [not x for x in learned] == [d or q for d, q in zip(differs, quotes, strict=True)]
            assert sum(quotes) == 2 * sum(changed) * isinstance(p.answer, tuple)


def _every_letter(value: Any, p: Problem) -> Any:
    """A value that differs in every word from this one."""
    if isinstance(value, int):
        return (value + 1) % p.modulus
    alphabet = "abcdefghijklmnopqrstuvwxyz"[: p.modulus]
    return tuple(alphabet[(alphabet.index(letter) + 1) % p.modulus] for letter in value)


# broken if an outline teaches a value, whatever the primitive, or does not teach the rest: the words that are learned do not tell values
@pytest.mark.parametrize(("name", "surface"), [(name, s) for name, (_, surfaces) in PAIRS.items() for s in surfaces], ids=str)
def test_an_outline_teaches_no_value(name: str, surface: Any) -> None:
    family = PAIRS[name][0]
    corpus = Corpus((Recipe(1, family, Outline(surface)),))
    for i in range(4):
        p = problem(family, "train", "outline", i)
        document, trace = Outline(surface)(p), gold(p)
        assert (document.prompt, document.body) == (surface.prompt(p), surface.solution(p))
        assert document.results == ()
        said = tuple(a._replace(value=_every_letter(a.value, p)) for a in trace.assertions)
        other = surface.write(Trace(said, _every_letter(p.answer, p)))
        learned = corpus.learned(document)
        kept = list(compress(document.body, learned))
        assert kept == list(compress(other, learned))
        assert kept[-2:] == ["answer", END]
        steps = surface.write(Trace(trace.assertions, None))[:-1]
        values = sum(1 if isinstance(a.value, int) else len(a.value) + 2 for a in trace.assertions)
        assert len(kept) == len(steps) - values + 2


# broken if the study of programs is taught by other documents than before, or a surface without listings by solved problems
def test_documents_without_results() -> None:
    assert unsolved(Compact()) == Listing(Compact())
    assert unsolved(Story()) == Outline(Story())


# broken if a problem that is drawn again needs less than was asked for, or a family that can do without draws in vain
def test_problems_need_what_is_asked_for() -> None:
    uses = Uses(("mul", "max"), 3)
    assert needing(Program(primitives=(ADD, MUL, MAX)), uses) == Program(primitives=(ADD, MUL, MAX), uses=uses)
    family = needing(Dag(primitives=(ADD, MUL, MAX)), uses)
    for n in (1, 2, 3, 7):
        drawn = list(islice(problems(at(family, n), "train", "needing"), 30))
        assert all(sum(s.primitive.name in uses.names for s in p.proof) >= min(3, n) for p in drawn)
        assert all(len(p.proof) == n for p in drawn)
    laws.check(family, Equations(), Story(), examples=15)


# broken if the search for what cannot be does not end, or a name that is not there is looked for
def test_impossible_needs_are_refused() -> None:
    with pytest.raises(ValueError, match=r"of 10,000 draws of Dag\(.* none applies sum 1 times; ask for fewer"):
        problem(needing(Dag(), Uses(("sum",), 1)), "train", "x")  # it has no totals
    with pytest.raises(ValueError, match=r"Needing.uses names some of the family's primitives, which are \['add', .*; found \['max'\]"):
        needing(Dag(), Uses(("max",), 1))
    with pytest.raises(ValueError, match=r"Needing.uses names some .*; found \[\]"):
        needing(Dag(), Uses())


# broken if a primitive is applied by what knows nothing of it, or another one is lost
def test_a_family_without_some_primitives() -> None:
    assert knowing(Program(), ("mul",)) == Program(primitives=(ADD, SUB))  # lines that are not run stay as they are
    assert knowing(Circuit(), ("nand", "not")) == Circuit(primitives=GATES[:3])
    assert knowing(Compose(), tuple(p.name for p in TRAINED[1:])) == Compose(functions=TRAINED[:1])
    assert knowing(Compose(functions=HELD_OUT), ()) == Compose(functions=HELD_OUT)
    for family, withheld, message in (
        (Tree(), ("add", "sub", "mul"), r"withhold some of \['add', 'sub', 'mul'\], but not all"),
        (Tree(), ("max",), r"but not all; found \['max'\]"),
        (Grid(), ("north",), "Grid has no field that holds its primitives"),
    ):
        with pytest.raises(ValueError, match=message):
            knowing(family, withheld)
