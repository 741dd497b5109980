"""Critiques: candidates with one slip, what is said of it, and documents of two kinds in a mixture."""

from collections import Counter
from dataclasses import replace

import pytest

from synthtasks.corpora import Answered, Corpus, Recipe, Solved
from synthtasks.critiques import Critique, Shuffled
from synthtasks.families import Dag, Program, problem
from synthtasks.formats import Either
from synthtasks.problem import Problem, Step
from synthtasks.surfaces import Compact, Equations
from synthtasks.verify import Slip, verify

FAMILY = Program(steps=4, lines=6, modulus=7)
PROBLEMS = [problem(FAMILY, "train", "critiques", i) for i in range(200)]
EVERY = ("add", "sub", "mul")


def judged(p: Problem, prompt: tuple[str, ...]) -> tuple[Slip, Step]:
    """The first mistake of the candidate in a prompt, and its step, by the judge."""
    candidate = prompt[len(Compact().prompt(p)) : -1]
    first = verify(p, Compact().read((*candidate, "<end>"))).first
    assert first is not None
    assert first.step is not None
    return first, p.by_name[first.step]


# Broken if a critique named another step than the judge's first wrong one, or another value than the right one.
def test_the_first_wrong_step_is_the_judges() -> None:
    named = Counter[int]()
    for p in PROBLEMS:
        document = Critique()(p)
        first, step = judged(p, document.prompt)
        assert first.kind == "value"
        said = (step.name, step.primitive.symbol, str(step.arguments[1]), str(p.values[step.name]), "<end>")
        assert document.body == said
        assert [(r.at, r.primitive) for r in document.results] == [(3, step.primitive.name)]
        named[p.proof.index(step)] += 1
    assert min(named[i] for i in range(4)) > 25  # of 50 expected: five standard errors
    assert document.prompt[: len(Compact().prompt(p))] == Compact().prompt(p)
    assert document.prompt[-1] == ":"


# Broken if a critique that walks through the candidate left a right step out, or went on behind the first wrong one.
def test_a_walk_ends_at_the_first_wrong_step() -> None:
    for p in PROBLEMS:
        alone, walk = Critique()(p), Critique("walk")(p)
        assert walk.prompt == alone.prompt
        _, step = judged(p, walk.prompt)
        assert walk.body == (*Compact().solution(p)[: 4 * (p.proof.index(step) + 1)], "<end>")
        assert [walk.body[r.at] for r in walk.results] == [str(p.values[s.name]) for s in p.proof[: len(walk.results)]]
        nothing = Critique("walk", hidden=EVERY)(p)
        assert len(nothing.body) == 3 * len(walk.results) + 1
        assert nothing.results == ()
        some = Critique("walk", hidden=("mul",))(p)
        assert [some.body[r.at] for r in some.results] == [walk.body[r.at] for r in walk.results if r.primitive != "mul"]


# Broken if a critique that reveals nothing gave a value, or differed in its candidate from one that does.
def test_critiques_that_reveal_nothing_hold_no_value() -> None:
    for p in PROBLEMS:
        told, hidden = Critique()(p), Critique(hidden=EVERY)(p)
        assert hidden.prompt == told.prompt
        assert hidden.body == (*told.body[:3], "<end>")  # line, operator and constant, which the prompt states
        assert hidden.results == ()
        some = Critique(hidden=("mul",))(p)
        assert some.body == (hidden if told.body[1] == "*" else told).body


# Broken if shuffled critiques told the truth more often than chance, or gave themselves away by their form.
def test_shuffled_critiques_are_right_by_chance() -> None:
    pairs = [(Critique()(p), Shuffled()(p)) for p in PROBLEMS]
    assert all(a.prompt == b.prompt and len(a.body) == len(b.body) and a.body[4] == b.body[4] for a, b in pairs)
    step = sum(a.body[0] == b.body[0] for a, b in pairs) / len(pairs)
    value = sum(a.body[3] == b.body[3] for a, b in pairs if a.body[0] == b.body[0])
    assert step == pytest.approx(1 / 4, abs=0.12)  # four standard errors
    assert value <= 20  # of about 50, a seventh: 7
    for p in PROBLEMS[:20]:
        (name, symbol, constant), body = Shuffled(Critique(hidden=EVERY))(p).body[:3], Compact().solution(p)
        assert (name, symbol, constant) in {body[i : i + 3] for i in range(0, 16, 4)}


# Broken if steps after the slip did not follow from it, so that a candidate had a second slip.
def test_later_values_follow_from_the_slip() -> None:
    for p in PROBLEMS:
        document = Critique()(p)
        _, wrong = judged(p, document.prompt)
        candidate = Compact().read((*document.prompt[len(Compact().prompt(p)) : -1], "<end>"))
        value = p.proof[0].arguments[0]
        for assertion, step in zip(candidate.assertions, p.proof, strict=True):
            operand = step.arguments[1]
            assert isinstance(value, int)
            assert isinstance(operand, int)
            assert (assertion.value == step.primitive(value, operand, modulus=7)) == (step is not wrong)
            value = assertion.value
        assert candidate.answer == value


# Broken if other surfaces, whose values stand elsewhere, lost another word than the value.
def test_critiques_in_another_surface() -> None:
    p = problem(Dag(steps=3, depth=2), "train", "critiques", 0)
    told, hidden = (Critique(surface=Equations(), hidden=hidden)(p) for hidden in ((), tuple(o.name for o in Dag().primitives)))
    (result,) = told.results
    assert told.body[: result.at] + told.body[result.at + result.words :] == hidden.body
    assert len(hidden.body) < len(told.body)


# Broken if a corpus that withholds a primitive let a critique teach it.
def test_a_corpus_withholds_what_critiques_tell() -> None:
    corpus = Corpus((Recipe(1.0, FAMILY, Critique()),), ("mul",))
    for p in PROBLEMS[:40]:
        document = Critique()(p)
        hidden = [i for i, learned in enumerate(corpus.learned(document)) if not learned]
        assert hidden == ([3] if document.body[1] == "*" else [])


# Broken if the rare kind came more or less often than it says, by the proof alone, or in questions that share no statement.
def test_either_mixes_by_share() -> None:
    write = Either(Solved(), Answered(), 0.1)
    many = [problem(FAMILY, "train", "either", i) for i in range(2_000)]
    rare = [write(p) == Solved()(p) for p in many]
    assert sum(rare) / len(rare) == pytest.approx(0.1, abs=0.027)  # four standard errors
    assert all(write(p) == Answered()(p) for p, derived in zip(many, rare, strict=True) if not derived)
    assert [replace(write, share=share)(many[0]) for share in (1.0, 0.0)] == [Solved()(many[0]), Answered()(many[0])]
    assert write.shares
    assert not replace(write, usual=Answered(Equations())).shares
