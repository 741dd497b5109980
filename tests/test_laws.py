"""Laws of problems, surfaces, the judge and the corpora."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from itertools import islice
from math import sqrt
from types import ModuleType

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthtasks import (
    PRIMITIVES,
    Assertion,
    Dag,
    Primitive,
    Problem,
    Program,
    Step,
    Trace,
    Tree,
    Uses,
    Vocab,
    laws,
    problem,
    problems,
    rng,
    verify,
)
from synthtasks.corpora import Answered, Corpus, Exposure, Listing, Recipe, Solved, exposure
from synthtasks.families import label
from synthtasks.families.kit.programs import Programs
from synthtasks.laws import of_families
from synthtasks.primitives import ADD, AND, MAX, MIN, MUL, NAND, NOT, OR, SUB
from synthtasks.problem import Split
from synthtasks.surfaces import SCHOOL, ZOO, Compact, Equations, Story
from synthtasks.surfaces.compact import RESERVED
from synthtasks.trace import Words
from synthtasks.vocab import END, PAD
from tests import own_families
from tests.strategies import examples, graph_problems, program_problems, programs, programs_with_problem, vocab

SURFACE = Compact()

# Modulo 10, from 5: A = 5 + 3 = 8, B = A * 2 = 6, C = B - 1 = 5, of which A and B are asked for.
CHAIN = Problem((Step("A", ADD, (5, 3)), Step("B", MUL, ("A", 2)), Step("C", SUB, ("B", 1))), "B", 10)
A, B, C = (Assertion("A", "+", (None, 3), 8, 3), Assertion("B", "*", (None, 2), 6, 7), Assertion("C", "-", (None, 1), 5, 11))
THREE = replace(CHAIN, query="C")

# Modulo 10: a = 2 + 3 = 5, then b = a * 2 = 0 and c = a - 1 = 4 in either order, then d = b + c = 4. Beside it, e = c * c = 6.
DIAMOND = Problem(
    (Step("a", ADD, (2, 3)), Step("b", MUL, ("a", 2)), Step("c", SUB, ("a", 1)), Step("e", MUL, ("c", "c")), Step("d", ADD, ("b", "c"))),
    "d",
    10,
)
DA, DB, DC = Assertion("a", "+", (2, 3), 5, 0), Assertion("b", "*", ("a", 2), 0, 1), Assertion("c", "-", ("a", 1), 4, 2)
DD, DE = Assertion("d", "+", ("b", "c"), 4, 3), Assertion("e", "*", ("c", "c"), 6, 4)


@dataclass(frozen=True)
class Only:
    """The family of one problem."""

    one: Problem

    @property
    def primitives(self) -> tuple[Primitive, ...]:
        return tuple({step.primitive for step in self.one.steps})

    def __call__(self, g: np.random.Generator) -> Problem:
        return self.one


class Nowhere(Programs):
    """Programs that lie in no split."""

    def among(self, split: Split) -> np.ndarray:
        return np.zeros(len(self), bool)


@dataclass(frozen=True)
class Lost(Program):
    def many(self, u: np.ndarray) -> Nowhere:
        drawn = super().many(u)
        return Nowhere(**{f.name: getattr(drawn, f.name) for f in fields(drawn)})


def accepted(p: Problem, words: Words) -> bool:
    return verify(p, SURFACE.read(words)).process


def ran(p: Problem, step: Step) -> Words:
    """The truth about one line, as a solution says it."""
    return (step.name, step.primitive.symbol, str(step.arguments[1]), str(p.values[step.name]))


def slips(p: Problem, words: Words, known: Words) -> Iterator[Words]:
    """Everything that one slip makes of a solution."""
    for i in range(len(words)):
        before, word, after = words[:i], words[i], words[i + 1 :]
        yield before  # truncated
        yield (*before, *after)  # a gap
        yield (*before, word, word, *after)
        yield (*before, *words[i + 1 : i + 2], word, *words[i + 2 :])  # two words swapped
        for other in known:
            yield (*before, other, *after)
            yield (*before, other, word, *after)
    for other in known:
        yield (*words, other)
    for i in range(0, len(words) - 3, 4):
        before, step, after = words[:i], words[i : i + 4], words[i + 4 :]
        yield (*before, *after)
        yield (*before, *after[:4], *step, *after[4:])  # two steps swapped
    for i in range(0, len(words), 4):
        for line in p.steps:  # a step run twice, or a true line that the answer does not need
            yield (*words[:i], *ran(p, line), *words[i:])


# --- problems ---


# broken if the graph is evaluated in the wrong order, with swapped operands, or without its distractors
def test_values_are_those_worked_by_hand():
    assert CHAIN.values == {"A": 8, "B": 6, "C": 5}
    assert DIAMOND.values == {"a": 5, "b": 0, "c": 4, "d": 4, "e": 6}
    assert (CHAIN.answer, DIAMOND.answer) == (6, 4)
    assert [step.name for step in DIAMOND.proof] == ["a", "b", "c", "d"]


# broken if a built-in primitive computes something else, or commutes where its table is not symmetric
def test_primitives_compute_what_they_are_called():
    assert [p(7, 9, modulus=10) for p in (ADD, SUB, MUL, MAX, MIN)] == [6, 8, 3, 9, 7]
    assert [p.form((), 10).commutes for p in (ADD, SUB, MUL, MAX, MIN)] == [True, False, True, True, True]
    assert SUB.form((), 2).commutes  # a - b = a + b modulo 2
    assert SUB.digest(2) == ADD.digest(2) != MUL.digest(2)
    assert MAX.table(3) == ((0, 1, 2), (1, 1, 2), (2, 2, 2))


# broken if the proof misses an ancestor of the query, keeps a distractor, or loses the order
@examples(100)
@given(graph_problems())
def test_proof_is_the_query_and_its_ancestors(p):
    names = [step.name for step in p.proof]
    assert set(names) == nx.ancestors(p.graph, p.query) | {p.query}
    assert names == [step.name for step in p.steps if step.name in set(names)]


def renamed(p: Problem, names: dict[str, str]) -> Problem:
    steps = (Step(names[s.name], s.primitive, tuple(names.get(a, a) for a in s.arguments)) for s in p.steps)
    return Problem(tuple(steps), names[p.query], p.modulus)


def reordered(p: Problem, rank: dict[str, int]) -> Problem:
    return replace(p, steps=tuple(p.by_name[name] for name in nx.lexicographical_topological_sort(p.graph, key=rank.__getitem__)))


# broken if a name, the order of independent steps, or the order of operands that commute enters the split
@examples(150)
@given(graph_problems(), st.data())
def test_the_split_forgets_names_order_and_commuting(p, data):
    names = [step.name for step in p.steps]
    rank = dict(zip(names, data.draw(st.permutations(range(len(names)))), strict=True))
    called = dict(zip(names, data.draw(st.permutations([f"m{i}" for i in range(len(names))])), strict=True))
    swapped = tuple(s._replace(arguments=s.arguments[::-1]) if s.primitive.form((), p.modulus).commutes else s for s in p.steps)
    for other in (reordered(p, rank), renamed(p, called), replace(p, steps=swapped)):
        assert (other.key, other.split, other.answer) == (p.key, p.split, p.answer)


# broken if a distractor enters the split
@examples(150)
@given(graph_problems(), st.data())
def test_the_split_forgets_distractors(p, data):
    needed = {step.name for step in p.proof}
    changed = tuple(s if s.name in needed else s._replace(primitive=SUB, arguments=(0, 1)) for s in p.steps)
    extra = Step("extra", data.draw(st.sampled_from((ADD, MAX))), (data.draw(st.sampled_from([s.name for s in p.steps])), 1))
    for steps in (p.proof, changed, (Step("first", ADD, (0, 1)), *p.steps), (*p.steps, extra)):
        other = replace(p, steps=steps)
        assert (other.key, other.split, other.answer) == (p.key, p.split, p.answer)


# broken if a number, an operator's truth table or the modulus of a needed step does not enter the key
@examples(100)
@given(graph_problems())
def test_the_key_sees_every_needed_number_and_operator(p):
    def with_step(old: Step, new: Step) -> Problem:
        return replace(p, steps=tuple(new if s is old else s for s in p.steps))

    for step in p.proof:
        left, right = step.arguments
        for n in range(p.modulus):
            if isinstance(left, int):
                assert (with_step(step, step._replace(arguments=(n, right))).key == p.key) == (n == left)
            if isinstance(right, int):
                assert (with_step(step, step._replace(arguments=(left, n))).key == p.key) == (n == right)
        for primitive in PRIMITIVES.values():
            same = primitive.digest(p.modulus) == step.primitive.digest(p.modulus)
            assert (with_step(step, step._replace(primitive=primitive)).key == p.key) == same
    assert replace(p, modulus=p.modulus + 1).key != p.key


# broken if operands that do not commute are sorted as if they did
def test_the_key_keeps_operands_that_do_not_commute():
    assert Problem((Step("a", SUB, (1, 2)),), "a", 10).key != Problem((Step("a", SUB, (2, 1)),), "a", 10).key
    assert Problem((Step("a", SUB, (1, 0)),), "a", 2).key == Problem((Step("a", SUB, (0, 1)),), "a", 2).key  # it does modulo 2


# broken if the key of a problem ever changes: problems would move from one split into the other
def test_keys_and_splits_are_pinned():
    assert CHAIN.key == "3ca7631982ea3b1c"
    assert [Program()(rng("pinned", i)).split for i in range(40)].count("test") == 2
    assert problem(Program(), "test", "pinned", 0).key == "02eb2b5c30278e14"


# broken if a fact is held back, or a composition of three is in both splits
def test_only_compositions_are_split():
    assert [replace(CHAIN, query=query).split for query in "ABC"] == ["both", "both", THREE.split]
    assert [problem(Only(CHAIN), split, "x") for split in ("train", "test")] == [CHAIN, CHAIN]
    assert problem(Only(THREE), THREE.split, "x") == THREE


# broken if one form lies in two splits, by saying a step twice that could be used twice
@examples(150)
@given(graph_problems())
def test_the_split_is_a_property_of_the_form(p):
    def copied(argument: str | int) -> str | int:
        return f"copy of {argument}" if isinstance(argument, str) else argument

    twins = tuple(s._replace(name=f"copy of {s.name}") for s in p.steps)
    twice = tuple(s._replace(arguments=(s.arguments[0], copied(s.arguments[1]))) for s in p.steps)
    other = replace(p, steps=tuple(s for pair in zip(twins, twice, strict=True) for s in pair))
    assert (other.key, other.split) == (p.key, p.split)


# broken if the share of test problems is not one in eight
def test_one_form_in_eight_is_a_test():
    keys = {p.key: p.split for p in (Program(steps=8)(rng("share", i)) for i in range(2_000))}
    assert all((split == "test") == (key[0] in "01") for key, split in keys.items())  # two of the sixteen first digits
    share = list(keys.values()).count("test") / len(keys)
    assert abs(share - 1 / 8) < 4 * sqrt(1 / 8 * 7 / 8 / len(keys))


# --- families ---


# broken if the window is not `steps` long, `uses` is not met, or a line takes a primitive of the other kind
@examples(200)
@given(programs_with_problem())
def test_a_program_keeps_its_dials(drawn):
    family, p = drawn
    assert [s.name for s in p.steps] == [label(i) for i in range(family.lines)]
    assert len(p.proof) == family.steps
    inside = {s.name for s in p.proof}
    assert all(s.primitive in (family.primitives if s.name in inside else family.outside) for s in p.steps)
    assert sum(s.primitive.name in family.uses.names for s in p.proof) >= min(family.uses.count, family.steps)
    assert len(SURFACE.prompt(p)) == 3 * family.lines + 7  # whatever the number of steps


# broken if a window, a start or the places of `uses` never occur
def test_a_program_draws_every_window_start_and_place():
    family = Program(steps=2, lines=4, uses=Uses(("mul",), 1), primitives=(ADD, MUL), modulus=3)
    drawn = [family(rng("reach", i)) for i in range(300)]
    assert {p.query for p in drawn} == {"B", "C", "D"}
    assert {p.proof[0].arguments[0] for p in drawn} == {0, 1, 2}
    assert {tuple(s.primitive.name for s in p.proof) for p in drawn} == {("add", "mul"), ("mul", "add"), ("mul", "mul")}


# broken if a line's name repeats, or is a word that surfaces keep for themselves
def test_labels_differ():
    names = [label(i) for i in range(200)]
    assert [names[i] for i in (0, 25, 26, 51, 52)] == ["A", "Z", "A1", "Z1", "A2"]
    assert len({*names, *RESERVED}) == len(names) + len(RESERVED)


# broken if a problem depends on what was drawn before it, or lies outside its split
@examples(25)
@given(programs(), st.sampled_from(("train", "test")), st.integers(0, 99))
def test_a_problem_is_a_function_of_its_name(family, split: Split, seed):
    family = replace(family, steps=min(family.steps + 2, family.lines), modulus=max(family.modulus, 7))
    forward = [problem(family, split, "law", seed, i) for i in range(4)]
    assert forward == list(islice(problems(family, split, "law", seed), 4))
    assert forward == [problem(family, split, "law", seed, i) for i in (3, 2, 1, 0)][::-1]
    assert {p.split for p in forward} == ({split} if family.steps >= 3 else {"both"})


# broken if anything of a process (its hash seed, its imports) enters a problem
def test_a_problem_is_the_same_in_another_process():
    code = "from synthtasks import *; print(*(problem(Program(), 'test', 'process', i).key for i in range(5)))"
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        there = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert there.stdout.split() == [problem(Program(), "test", "process", i).key for i in range(5)]


# broken if neighbouring seeds share problems, or a stream repeats itself
def test_streams_of_two_seeds_share_nothing():
    one, two = ({p.key for p in islice(problems(Program(steps=8), "train", "stream", seed), 400)} for seed in (1, 2))
    assert len(one) == len(two) == 400
    assert not one & two


# --- randomness ---


# broken if the generators ever change: every problem of every study would
def test_the_generator_is_pinned():
    assert rng("pinned", 7).integers(1_000, size=4).tolist() == [867, 998, 539, 867]


# broken if two names lead to one generator
@examples(200)
@given(*[st.lists(st.one_of(st.integers(-99, 99), st.text("01a,' ", max_size=3)), max_size=3).map(tuple)] * 2)
def test_generators_differ_by_name_and_by_nothing_else(one, two):
    assert (rng(*one).integers(2**63) == rng(*two).integers(2**63)) == (one == two)


# broken if names that look alike lead to one generator
def test_names_that_look_alike_are_different():
    names = [(), ("a",), ("a", 1), ("a", "1"), ("a1",), (1, "a"), ("a", 1, 0), ("('a', 1)",), ("a", -1), ("a", 11), ("a", 1, 1)]
    assert len({int(rng(*name).integers(2**63)) for name in names}) == len(names)


# broken if drawing from one generator moves another
def test_generators_do_not_touch_each_other():
    alone = rng("order", 1).integers(2**63, size=3).tolist()
    other, again = rng("order", 2), rng("order", 1)
    interleaved = []
    for _ in range(3):
        other.integers(2**63)
        np.random.default_rng().integers(9)
        interleaved.append(int(again.integers(2**63)))
    assert interleaved == alone


# broken if a number that is equal but not the same (1.0, True, numpy's 1) can name a generator
@pytest.mark.parametrize("part", [1.0, True, np.int64(1), None, ("a",), b"a"])
def test_a_name_is_made_of_str_and_int(part):
    with pytest.raises(TypeError, match=r"a generator's name is made of str and int; found"):
        rng("name", part)


# --- surfaces ---


# broken if solutions are not read as what they say, or the judge refuses the truth
@examples(200)
@given(program_problems())
def test_reading_inverts_writing(p):
    trace = SURFACE.read(SURFACE.solution(p))
    assert [(a.name, a.operator, a.operands, a.value) for a in trace.assertions] == [
        (s.name, s.primitive.symbol, (None, s.arguments[1]), p.values[s.name]) for s in p.proof
    ]
    assert (trace.answer, trace.unread) == (p.answer, ())
    assert verify(p, trace).process


# broken if the prompt leaves out, or misstates, anything that the solution needs
@examples(100)
@given(program_problems())
def test_the_prompt_determines_the_solution(p):
    *lines, run, first, to, last, source, start, colon = SURFACE.prompt(p)
    assert (run, to, source, colon) == ("run", "to", "from", ":")
    by_symbol = {primitive.symbol: primitive for primitive in PRIMITIVES.values()}
    said: list[str] = []
    value, running = int(start), False
    for name, symbol, constant in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        running = running or name == first
        if running:
            value = by_symbol[symbol](value, int(constant), modulus=p.modulus)
            said += (name, symbol, constant, str(value))
        running = running and name != last
    assert (*said, "answer", str(value), END) == SURFACE.solution(p)


# broken if any slip at all is accepted: the reward, and the exact score of a solution, rest on this
@examples(40)
@given(programs_with_problem())
def test_only_the_solution_is_accepted(drawn):
    family, p = drawn
    solution = SURFACE.solution(p)
    for words in slips(p, solution, vocab(family).words):
        assert accepted(p, words) == (words == solution), " ".join(words)


# broken if the solution of one problem is accepted for another
@examples(100)
@given(programs(), st.integers(0, 99))
def test_the_solution_of_another_problem_is_refused(family, seed):
    one, two = (family(rng("other", seed, i)) for i in range(2))
    assert accepted(one, SURFACE.solution(two)) == (SURFACE.solution(one) == SURFACE.solution(two))


ODD = ("٣", "03", "+3", "-3", "3.0", "³", "３", "1_0", "", " 3", "3 ", "\n", "answer", END, PAD)
WORDS = st.one_of(st.sampled_from(("A", "B", "+", "*", "1", "3", "9", ":", "run", *ODD)), st.text(max_size=3))
COMPLETIONS = st.lists(WORDS, max_size=30).map(tuple)


# broken if some word breaks the reading, is read twice or is dropped, or a second spelling of a number is a number
@examples(300)
@given(COMPLETIONS)
def test_reading_is_total(words):
    trace = SURFACE.read(words)
    assert 4 * len(trace.assertions) + len(trace.unread) + 3 * (trace.answer is not None) == len(words)
    assert all(words[a.at] == str(a.value) and words[a.at - 1] == str(a.operands[1]) for a in trace.assertions)
    assert trace.answer is None or words[-3:] == ("answer", str(trace.answer), END)
    assert verify(CHAIN, trace).process == (words == SURFACE.solution(CHAIN))


# broken if a number has a second spelling, in a constant, a value or an answer
@pytest.mark.parametrize("three", [w for w in ODD if w not in RESERVED])
def test_a_number_has_one_spelling(three):
    assert SURFACE.read(("A", "+", "3", "8")).assertions == (A,)
    assert SURFACE.read(("answer", "3", END)).answer == 3
    assert SURFACE.read(("A", "+", three, "8")) == Trace((), None, ("A", "+", three, "8"))
    assert SURFACE.read(("A", "+", "8", three)).assertions == ()
    assert SURFACE.read(("answer", three, END)) == Trace((), None, ("answer", three, END))


# broken if a number or a reserved word names a step or an operator
@pytest.mark.parametrize("words", ["1 2 3 8", "A 1 3 8", "1 + 3 8", "answer + 3 8", "A answer 3 8", "A <end> 3 8", "A + B 8", "A + 3 :"])
def test_a_step_is_two_names_and_two_numbers(words):
    assert SURFACE.read(tuple(words.split())) == Trace((), None, tuple(words.split()))


# broken if an answer counts that is not the last thing said
def test_an_answer_is_the_last_thing_said():
    for words in ("answer 3 <end> <pad>", "answer 3", "answer 3 <end> answer 4", "3 <end>", "answer answer <end>"):
        assert SURFACE.read(tuple(words.split())) == Trace((), None, tuple(words.split()))
    assert SURFACE.read(("answer", "3", END, "answer", "4", END)) == Trace((), 4, ("answer", "3", END))


class Counted(tuple[str, ...]):
    """Words that count how many of them were looked at."""

    looks = 0

    def __getitem__(self, i):
        Counted.looks += len(range(*i.indices(len(self)))) if isinstance(i, slice) else 1
        return super().__getitem__(i)


# broken if reading a long completion takes quadratic time
@pytest.mark.parametrize("piece", [("A", "+", "3", "8"), ("answer", "3", END), ("A", "A", "+", "3"), ("3",)])
def test_reading_is_linear(piece):
    words = Counted(piece * (10_000 // len(piece)))
    for read in (SURFACE.read, SURFACE.roles):
        Counted.looks = 0
        read(words)
        assert Counted.looks <= 16 * len(words)
    trace = SURFACE.read(words)
    assert 4 * len(trace.assertions) + len(trace.unread) + 3 * (trace.answer is not None) == len(words)


# broken if a word has no role or two, or the roles disagree with the reading
@examples(200)
@given(COMPLETIONS)
def test_every_word_has_one_role(words):
    roles, trace = SURFACE.roles(words), SURFACE.read(words)
    assert len(roles) == len(words)
    assert [i for i, role in enumerate(roles) if role == "execute"] == [a.at for a in trace.assertions]
    assert roles.count("answer") == (trace.answer is not None)
    assert roles.count("meta") == len(trace.unread) + (trace.answer is not None)


# broken if a word of a solution is credited to the wrong decision
@examples(50)
@given(program_problems())
def test_the_roles_of_a_solution(p):
    assert SURFACE.roles(SURFACE.solution(p)) == ("plan", "copy", "copy", "execute") * len(p.proof) + ("plan", "answer", "meta")


# broken if a problem, its solution or its listing needs a word that the vocabulary lacks, or decoding does not invert encoding
@examples(100)
@given(programs_with_problem())
def test_the_vocabulary_holds_everything_and_decoding_inverts_encoding(drawn):
    family, p = drawn
    known = vocab(family)
    for words in (SURFACE.prompt(p), SURFACE.solution(p), SURFACE.listing_prompt(p), SURFACE.listing(p), known.words):
        assert known.decode(known.encode(words)) == words
    assert (known.encode([PAD, END]), known.end, len(known)) == ([0, 1], 1, len(known.words))


# --- the judge ---


def parts(p: Problem, trace: Trace) -> tuple[bool, ...]:
    v = verify(p, trace)
    return v.correct, v.sound, v.complete, v.exact


# broken if a part of the verdict says what another part says. (Sound is not free: a complete and exact trace is sound.)
@pytest.mark.parametrize(
    ("trace", "correct", "sound", "complete", "exact"),
    [
        (Trace((A, B), 6), True, True, True, True),
        (Trace((A, B), 7), False, True, True, True),  # wrong answer
        (Trace((A, B), None), False, True, True, True),  # no answer
        (Trace((), 6), True, True, False, False),  # a guess
        (Trace((A,), 6), True, True, False, False),  # a gap
        (Trace((A, B._replace(value=7)), 6), True, False, False, True),  # a wrong value
        (Trace((A, B._replace(operator="+")), 6), True, False, False, True),
        (Trace((A, B._replace(operands=(None, 3))), 6), True, False, False, True),
        (Trace((A, B._replace(operands=(5, 2))), 6), True, False, False, True),
        (Trace((B, A), 6), True, False, False, True),  # used before it is defined
        (Trace((A, B, C._replace(value=6)), 6), True, False, True, False),  # wrong, but beside the proof
        (Trace((A, B, C), 6), True, True, True, False),  # right, but beside the proof
        (Trace((A, B, B._replace(operands=("A", 2))), 6), True, True, True, False),  # twice
        (Trace((A, B), 6, ("?",)), True, True, True, False),  # a word that says nothing
        (Trace((A, B._replace(name="D")), 6), True, False, False, False),  # a step that there is not
    ],
)
def test_each_part_of_a_verdict(trace, correct, sound, complete, exact):
    assert parts(CHAIN, trace) == (correct, sound, complete, exact)
    assert verify(CHAIN, trace).process == (correct and sound and complete and exact)


# broken if a wrong step, or one that builds on it, counts as right
def test_steps_after_a_wrong_one_are_wrong():
    assert verify(CHAIN, Trace((A, B, C), 6)).steps == (True, True, True)
    assert verify(CHAIN, Trace((A._replace(value=7), B, C), 6)).steps == (False, False, False)
    assert verify(CHAIN, Trace((A, B._replace(value=7), C), 6)).steps == (True, False, False)
    assert verify(DIAMOND, Trace((DA, DB._replace(value=1), DC, DD), 4)).steps == (True, False, True, False)
    assert verify(CHAIN, Trace((A, A._replace(name="Z"), B), 6)).steps == (True, False, False)  # B runs on what was just said: Z


# broken if one order of a graph is preferred, a distractor or a repetition is let through, or a step may come too early
@pytest.mark.parametrize(
    ("assertions", "steps", "process"),
    [
        ((DA, DB, DC, DD), (True,) * 4, True),
        ((DA, DC, DB, DD), (True,) * 4, True),
        ((DB, DA, DC, DD), (False, True, True, False), False),
        ((DA, DB, DD, DC), (True, True, False, True), False),
        ((DA, DB, DC, DE, DD), (True,) * 5, False),
        ((DA, DA, DB, DC, DD), (True,) * 5, False),
        ((DA, DC, DD), (True, True, False), False),
        ((DA, DB._replace(operands=(None, 2)), DC, DD), (True,) * 4, True),  # None: what was just computed, here a
        ((DA, DC, DB._replace(operands=(None, 2)), DD), (True, True, False, False), False),  # here c
    ],
)
def test_a_graph_may_be_derived_in_any_order(assertions, steps, process):
    verdict = verify(DIAMOND, Trace(assertions, 4))
    assert (verdict.steps, verdict.process) == (steps, process)


# broken if the judge accepts an order in which something is used before it is defined, or refuses any other
@examples(200)
@given(graph_problems(), st.data())
def test_an_order_is_accepted_exactly_if_it_is_topological(p, data):
    order = data.draw(st.permutations(p.proof)) if data.draw(st.booleans()) else reordered(p, {s.name: hash(s.name) for s in p.steps}).proof
    place = {step.name: i for i, step in enumerate(order)}
    topological = all(place[a] < place[s.name] for s in order for a in s.arguments if isinstance(a, str))
    said = tuple(Assertion(s.name, s.primitive.symbol, s.arguments, p.values[s.name], i) for i, s in enumerate(order))
    assert verify(p, Trace(said, p.answer)).process == topological


# broken if any wrong value anywhere in a graph is let through
@examples(100)
@given(graph_problems())
def test_every_wrong_value_is_caught(p):
    said = tuple(Assertion(s.name, s.primitive.symbol, s.arguments, p.values[s.name], i) for i, s in enumerate(p.proof))
    for i, assertion in enumerate(said):
        for value in {*range(p.modulus), -1, p.values[assertion.name] + p.modulus} - {assertion.value}:
            verdict = verify(p, Trace((*said[:i], assertion._replace(value=value), *said[i + 1 :]), p.answer))
            assert not verdict.process
            assert not verdict.steps[i]


# --- corpora ---

MIXED = Program(steps=4, lines=6, primitives=(ADD, MAX, MIN))


# broken if withholding masks a word too many, or leaves a result of the withheld primitive to be learned
@pytest.mark.parametrize("withheld", [(), ("max",), ("max", "min"), ("add",)])
def test_exactly_the_results_of_withheld_primitives_are_masked(withheld):
    corpus = Corpus((Recipe(1, MIXED),), withheld)
    symbols = {PRIMITIVES[name].symbol for name in withheld}
    seen = 0
    for document in islice(corpus.recipes[0].documents("mask"), 50):
        masked = {i + 3 for i in range(0, len(document.body) - 3, 4) if document.body[i + 1] in symbols}
        assert [i for i, learned in enumerate(corpus.learned(document)) if not learned] == sorted(masked)
        assert len(corpus.learned(document)) == len(document.body)
        seen += len(masked)
    assert (seen > 0) == bool(set(withheld) - {"mul"})


# broken if withholding changes what is read: the absent model would not know the word
def test_documents_are_the_same_whatever_is_withheld():
    recipe = Recipe(1, MIXED)
    corpora = [Corpus((recipe,), withheld) for withheld in ((), ("max",), ("add", "min"))]
    streams = [list(islice(corpus.documents(None, 3, "same"), 20)) for corpus in corpora]
    assert streams[0] == streams[1] == streams[2]
    assert streams[0] == [Solved()(problem(MIXED, "train", "same", 3, i)) for i in range(20)]
    assert all(document.body[-1] == END and document.prompt[-1] == ":" for document in streams[0])


# broken if a dose of a withheld primitive changed what is read, reached another recipe or primitive, or was another by rows
def test_a_dose_is_shown_and_nothing_else():
    whole = Recipe(1, replace(MIXED, outside=MIXED.primitives), questions=2)
    parts = replace(whole, weight=0.75), replace(whole, weight=0.25, shown=("max",))
    withheld = ("max", "min")
    absent, dosed, vocab = Corpus((whole,), withheld), Corpus(parts, withheld), SURFACE.vocab(6, MIXED.primitives, 10)
    doses = 0
    for iteration in range(40):
        shown = dosed.recipe(rng("recipe", iteration)).shown
        doses += bool(shown)
        documents = list(islice(dosed.documents(None, iteration, "dose"), 4))
        assert [replace(d, shown=()) for d in documents] == list(islice(absent.documents(None, iteration, "dose"), 4))
        hidden = Corpus((whole,), ("min",)) if shown else absent
        assert [dosed.learned(d) for d in documents] == [hidden.learned(replace(d, shown=())) for d in documents]
        by_rows = dosed.rows(200, vocab, iteration, "dose").learned[:4]
        assert [[*row][-len(d.body) :] for row, d in zip(by_rows.tolist(), documents, strict=True)] == [
            [*dosed.learned(d)] for d in documents
        ]
        found = {e.primitive: e for e in exposure(dosed, documents)}
        assert found["max"].learned == (found["max"].applied if shown else 0)
        assert found["min"].learned == 0
    assert 4 <= doses <= 16  # a quarter of 40


# broken if exposure counts lines that are not run, listings, or withheld results as learned
def test_exposure_counts_by_hand():
    one = Problem((Step("A", MAX, (1, 2)), Step("B", ADD, ("A", 3)), Step("C", MAX, ("B", 1))), "B", 10)  # max, add; C is not run
    documents = (Solved()(one), Solved()(replace(one, query="A")), Listing()(one), Solved()(CHAIN))  # CHAIN: add, mul
    corpus = Corpus((Recipe(1, Only(one)),), ("max",))
    assert exposure(corpus, documents) == (
        Exposure("add", "", 2, 2, 2, 2),
        Exposure("max", "", 2, 2, 2, 0),
        Exposure("mul", "", 2, 1, 1, 1),
    )
    assert exposure(corpus, [Listing()(one)]) == (Exposure("add", "", 0, 0, 0, 0), Exposure("max", "", 0, 0, 0, 0))


# broken if exposure confuses contexts, or a primitive seen alone with one that is composed
def test_exposure_tells_contexts_and_depths_apart():
    zoo, school = (Recipe(1, Program(n, 4), Solved(Story(context))) for n, context in ((1, ZOO), (3, SCHOOL)))
    corpus = Corpus((zoo, school))
    documents = [*islice(zoo.documents("zoo"), 40), *islice(school.documents("school"), 40)]
    seen = {(e.primitive, e.context): e for e in exposure(corpus, documents)}
    assert set(seen) == {(primitive, context) for primitive in ("add", "mul", "sub") for context in ("school", "zoo")}
    assert {(context, e.depth) for (_, context), e in seen.items()} == {("zoo", 1), ("school", 3)}
    assert sum(e.documents for (_, context), e in seen.items() if context == "zoo") == 40


# broken if a recipe of few problems shows others, or not all of them
def test_a_recipe_of_few_problems_shows_these():
    few = Recipe(1, Program(8), problems=3)
    shown = {document.prompt for document in islice(few.documents("few"), 60)}
    assert shown == {SURFACE.prompt(problem(Program(8), "train", "recipe", i)) for i in range(3)}


# broken if a listing teaches a value, or does not restate exactly the lines asked for
@examples(50)
@given(program_problems())
def test_a_listing_has_no_values(p):
    document = Listing()(p)
    lines = [(s.name, s.primitive.symbol, str(s.arguments[1])) for s in p.proof]
    assert document.body == (*(word for line in lines for word in line), END)
    assert document.prompt == (*SURFACE.prompt(p)[: 3 * len(p.steps)], "list", p.proof[0].name, "to", p.query, ":")
    assert document.results == SURFACE.read(document.body).assertions == ()


# broken if an answer alone shows a step, reads as another answer, or carries loss where one of its primitives is withheld
@pytest.mark.parametrize("surface", [Compact(), Equations(), Story()])
def test_an_answer_alone_has_no_steps(surface):
    document = Answered(surface)(CHAIN)  # add, mul
    read = surface.read(document.body)
    assert (document.prompt, read.assertions, read.answer, read.unread) == (surface.prompt(CHAIN), (), CHAIN.answer, ())
    for withheld, learned in (((), True), (("add",), False), (("mul",), False)):
        assert Corpus((Recipe(1, Only(CHAIN), Answered(surface)),), withheld).learned(document) == (True, learned, True)


# broken if recipes do not come by their weights
def test_recipes_come_by_weight():
    corpus = Corpus((Recipe(1, Only(CHAIN)), Recipe(3, Only(CHAIN), Listing())))
    g = rng("weights")
    share = sum(corpus.recipe(g) is corpus.recipes[1] for _ in range(2_000)) / 2_000
    assert abs(share - 3 / 4) < 4 * sqrt(3 / 4 * 1 / 4 / 2_000)


# --- laws, and what is broken ---


NAMELESS = "are values.*Primitive.name='sum'.*cannot be hashed and pickled.*a lambda or a closure cannot be pickled"
LEAVES = r"ValueError: add\(\d, \d\) gave \d+.*primitives.py, line \d+.*problem: A = "


# broken if a family or a surface that applies what has no name, fails, or ends too early keeps every law
@pytest.mark.parametrize(
    ("family", "surface", "said"),
    [
        (own_families.Nameless(), Equations(), NAMELESS),
        (own_families.Secret(), Equations(), NAMELESS),
        (own_families.Failing(), Equations(), r"KeyError: 'seven'.*own_families.py, line \d+.*while drawing of Failing with rng\('law', "),
        (own_families.Leaving(), Equations(), LEAVES),
        (own_families.Chain(), own_families.Stumbling(), r"IndexError: .*own_families.py, line \d+.*problem: A = .*7"),
        (own_families.Chain(), own_families.Ending(), "The last words are the answer.*Ending.. writes <end> before its end"),
        (own_families.Chain(), own_families.Deaf(), "The last words are the answer.*Deaf.. reads no answer in well answer"),
        (own_families.Even(), own_families.Choosy(), "The prompt says all.*Choosy.. refuses every problem that differs"),
    ],
    ids=lambda drawn: type(drawn).__name__,
)
def test_the_kit_catches_what_shows_elsewhere(family, surface, said):
    with pytest.raises(laws.LawBroken, match=f"(?s){said}"):
        laws.check(family, surface, examples=3)


# broken if a family, or a surface, that depends on how strings hash in this process keeps the last law, or one that does not breaks it
def test_the_kit_catches_what_another_process_draws(monkeypatch):
    monkeypatch.setattr(laws, "LAWS", laws.LAWS[-1:])
    laws.check(own_families.Chain(), Equations(), Story())
    with pytest.raises(laws.LawBroken, match=r"(?s)Another process draws the same.*the order of a set.*here problem.*there problem"):
        laws.check(own_families.Hashed(), Equations())
    with pytest.raises(laws.LawBroken, match=r"(?s)says them in the same words.*Swayed.. prompt"):
        laws.check(own_families.Chain(), own_families.Swayed())


# broken if a family that draws valid problems is refused for values of dials that its other fields exclude, or a dial goes unchecked
def test_dials_that_other_fields_exclude():
    for family in (Dag(primitives=(ADD, SUB, MUL)), Tree(primitives=(AND, OR, NOT), modulus=2), Dag(primitives=(AND, NAND), modulus=2)):
        of_families.dials_mean_what_they_say(laws.kit.Subject(family, (Equations(),), 8))
    for family in (Refusing(), Refusing(lines=30)):
        with pytest.raises(laws.LawBroken, match="no windows of 8"):
            of_families.dials_mean_what_they_say(laws.kit.Subject(family, (Equations(),), 30))


@dataclass(frozen=True)
class Refusing(Program):
    """Announces programs of eight steps, and refuses them, whatever the other fields."""

    def __post_init__(self) -> None:
        if self.steps == 8:
            raise ValueError("there are no windows of 8")


# broken if a law that cannot be tried goes unsaid
def test_what_another_process_cannot_find_is_told(monkeypatch):
    nowhere = ModuleType("nowhere")
    exec(f"from tests.own_families import Chain\nclass Lost(Chain): __module__ = {nowhere.__name__!r}", nowhere.__dict__)
    monkeypatch.setitem(sys.modules, "nowhere", nowhere)
    monkeypatch.setattr(laws, "LAWS", laws.LAWS[-1:])
    with pytest.warns(UserWarning, match=r"Lost was not tried in another process.*No module named 'nowhere'"):
        laws.check(nowhere.Lost(), Equations(), examples=3)


# broken if a word at which reading or generation stops can be in a story, or one that a story needs for itself
def test_contexts_leave_a_story_its_words():
    for word in (END, PAD, ".", '"', "answer"):
        for changed in ({"kinds": (word, *ZOO.kinds[1:])}, {"places": (*ZOO.places[:-1], word)}, {"where": ("in", word)}):
            with pytest.raises(ValueError, match=f"give the context others: {re.escape(word)}"):
                replace(ZOO, **changed)
    for word in ("so", "are", "the", "?", "7", "and", "count"):
        with pytest.raises(ValueError, match=f"give the context others: {re.escape(word)}"):
            replace(ZOO, kinds=(word, *ZOO.kinds[1:]))
    for where in (("in the",), ("in", "")):
        with pytest.raises(ValueError, match="is a tuple of single words"):
            replace(ZOO, where=where)


# --- errors ---


def _leaves(a: int, b: int, modulus: int) -> int:
    return a + b


# broken if a caller's mistake passes, or its message does not say what was found
@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: Program(steps=0), r"Program\.steps is at least 1; found 0"),
        (lambda: Program(steps=25), r"found steps=25"),
        (lambda: Program(modulus=1), r"Program\.modulus is at least 2; found 1"),
        (lambda: Program(primitives=()), r"Program\.primitives holds at least one primitive; found none"),
        (lambda: Program(outside=()), r"Program\.outside holds at least one primitive; found none"),
        (lambda: Program(uses=Uses(("max",), 1)), r"uses asks for \['max'\], but the window has only \['add', 'sub', 'mul'\]"),
        (lambda: Program(uses=Uses((), 2)), r"uses asks for 2 applications, but names no primitive"),
        (lambda: Program(uses=Uses(("mul",), -1)), r"Uses\.count is at least 0; found -1"),
        (lambda: problem(Only(THREE), "test", "x"), r"has no test problems: 1,000 draws all fell in the other split"),
        (lambda: list(problems(Lost(), "test", "x")), r"has no test problems: 1,000 draws all fell in the other split"),
        (lambda: Primitive("grow", "!", _leaves)(7, 8, modulus=10), r"grow\(7, 8\) gave 15, which is not an int in \[0, 10\)"),
        (lambda: Primitive("grow", "!", lambda a, b, m: -1).table(2), r"gave -1, which is not an int in \[0, 2\)"),
        (lambda: Problem((Step("a", ADD, ("b", 1)), Step("b", ADD, (0, 1))), "a", 10), r"step 'a' uses 'b' before it is defined"),
        (lambda: Problem((Step("a", ADD, ("a", 1)),), "a", 10), r"step 'a' uses 'a' before it is defined"),
        (lambda: Problem((Step("a", ADD, (0, 10)),), "a", 10), r"step 'a' holds 10, which is neither an int in \[0, 10\) nor a text"),
        (lambda: Problem((Step("a", ADD, (-1, 1)),), "a", 10), r"step 'a' holds -1"),
        (lambda: Problem((Step("a", ADD, (0, 1)), Step("a", ADD, (0, 2))), "a", 10), r"two steps are called 'a'; names must differ"),
        (lambda: Problem((Step("a", ADD, (0, 1)),), "b", 10), r"the query 'b' names no step; there are \['a'\]"),
        (lambda: SURFACE.prompt(DIAMOND), r"this is not a line of one: c = sub\(a, 1\)"),
        (lambda: SURFACE.prompt(Problem((Step("a", ADD, (1, 1)), Step("b", ADD, (2, 1))), "a", 10)), r"b = add\(2, 1\)"),
        (lambda: SURFACE.listing_prompt(Problem((Step("a", ADD, (1, 1)), Step("b", ADD, ("a", "a"))), "b", 10)), r"b = add\(a, a\)"),
        (lambda: SURFACE.vocab(3, (ADD,), 1_001), r"numbers go up to 999; found modulus 1001"),
        (
            lambda: SURFACE.vocab(3, (ADD, Primitive("plus", "+", _leaves)), 10),
            r"vocabulary words must differ; repeated: \['\+'\]",
        ),
        (lambda: Vocab((END, PAD)), r"a vocabulary begins with <pad> and <end>; found"),
        (lambda: Vocab((PAD, END, "a", "b", "a")), r"vocabulary words must differ; repeated: \['a'\]"),
        (lambda: Vocab((PAD, END, "a b")), r"a word holds no white space.*found \['a b'\]"),
        (lambda: Vocab((PAD, END, "")), r"a word holds no white space.*found \[''\]"),
        (lambda: Vocab((PAD, END, "a")).encode(["a", "z"]), r"'z' is not among the 3 words of this vocabulary: <pad> <end> a"),
        (lambda: Corpus((Recipe(1, MIXED),), ("dvi",)), r"\['dvi'\] cannot be withheld"),
        (lambda: Corpus((Recipe(1, MIXED, shown=("max",)),), ("add",)), r"shows what its corpus withholds.*\['add'\]; found \['max'\]"),
        (lambda: Recipe(1, MIXED, shown=("mul",)), r"Recipe\.shown names primitives of its family; found \['mul'\]"),
        (lambda: Corpus(()), r"a corpus needs at least one recipe; found none"),
        (lambda: Corpus((Recipe(1, MIXED), Recipe(0, MIXED))), r"Recipe\.weight is above 0; found 0"),
    ],
)
def test_mistakes_are_named(mistake, message):
    with pytest.raises(ValueError, match=message):
        mistake()
