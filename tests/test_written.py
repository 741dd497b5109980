"""Problems written at once are the problems written one by one."""

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from threading import Barrier
from time import sleep

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthtasks import Primitive, Problem, Program, Uses, Vocab, problem
from synthtasks.families import Batch, named
from synthtasks.families.kit.family import many
from synthtasks.families.kit.once import once
from synthtasks.families.kit.programs import Programs
from synthtasks.primitives import ADD, MUL, SUB
from synthtasks.problem import COMPOSED
from synthtasks.surfaces import Compact, Surface, Written, write, written
from synthtasks.surfaces.surface import Tokens
from synthtasks.trace import Words
from tests import strategies
from tests.strategies import examples
from tests.test_families import PAIRS

SPLITS = st.sampled_from(("train", "test"))
NUMBERS = st.lists(st.integers(0, 99), min_size=1, max_size=5)


def _ahead(a: int, b: int, modulus: int) -> int:
    return (2 * a + b + 1) % modulus


OWN = Primitive("ahead", "ahead", _ahead)


def rows(tokens: Tokens, lengths: Tokens) -> list[list[int]]:
    """Rows without their padding, which must be 0."""
    assert not tokens[np.arange(tokens.shape[1]) >= lengths[:, None]].any()
    assert lengths.tolist() == [] or tokens.shape[1] == lengths.max()
    assert tokens.dtype == lengths.dtype == np.int64
    return [row[:length].tolist() for row, length in zip(tokens, lengths, strict=True)]


def assert_written(found: Written, problems: Sequence[Problem], surface: Surface, vocab: Vocab) -> None:
    """The tokens are those of each problem, in its words."""
    assert rows(found.prompts, found.prompt_lengths) == [vocab.encode(surface.prompt(p)) for p in problems]
    assert found.unpadded == [vocab.encode(surface.prompt(p)) for p in problems]
    assert rows(found.solutions, found.lengths) == [vocab.encode(surface.solution(p)) for p in problems]
    assert list(found.problems) == list(problems)
    assert [found.problems[i] for i in range(len(problems))] == list(problems)


# Broken if programs as tokens are other problems than as objects: a wrong constant, line, operator or value, a problem of another split.
@examples(60)
@given(strategies.programs(6, 9), SPLITS, NUMBERS)
def test_programs_written_at_once_are_programs(family, split, numbers):
    if family.steps >= COMPOSED:
        family = Program(family.steps, family.lines, (ADD, MUL, OWN), (SUB, OWN), Uses(("ahead",), 1), max(family.modulus, 3))
    vocab = Compact().vocab(family.lines, (*strategies.PRIMITIVES.values(), OWN), family.modulus)
    problems = list(named(family, split, numbers, "law"))
    found = written(family, split, numbers, Compact(), vocab, "law")
    assert isinstance(found.problems, Batch)
    assert type(found.problems.drawn) is Programs
    assert_written(found, problems, Compact(), vocab)
    drawn = many(family, split, numbers, "law")
    assert Compact().listing_prompts(drawn, vocab).tolist() == [vocab.encode(Compact().listing_prompt(p)) for p in problems]
    assert Compact().listings(drawn, vocab).tolist() == [vocab.encode(Compact().listing(p)) for p in problems]


# Broken if some family is not written as its surface writes its problems, or a problem that stands second is another than alone.
@pytest.mark.parametrize("name", PAIRS)
def test_every_family_is_written_in_every_surface(name):
    family, surfaces = PAIRS[name]
    numbers = (7, 0, 7)
    problems = [problem(family, "test", "each", i) for i in numbers]
    for surface in surfaces:
        vocab = surface.vocab(family.names, family.primitives, family.modulus)
        assert_written(written(family, "test", numbers, surface, vocab, "each"), problems, surface, vocab)
        assert_written(write(problems, surface, vocab), problems, surface, vocab)


# Broken if a word that the vocabulary lacks is written as another word, or is refused where no problem needs it.
@examples(60)
@given(st.integers(0, 99), st.integers(0, 99))
def test_a_word_that_the_vocabulary_lacks_is_refused_where_it_is_needed(seed, lost):
    family = Program(3, 3)
    whole = Compact().vocab(family.lines, family.primitives, family.modulus).words
    vocab = Vocab(tuple(word for word in whole if word != whole[2 + lost % (len(whole) - 2)]))
    p = problem(family, "train", "lacks", seed)
    words = (*Compact().prompt(p), *Compact().solution(p))
    if missing := [word for word in words if word not in vocab.words]:
        with pytest.raises(ValueError, match=f"^{re.escape(repr(missing[0]))} is not among the"):
            written(family, "train", [seed], Compact(), vocab, "lacks")
    else:
        assert_written(written(family, "train", [seed], Compact(), vocab, "lacks"), [p], Compact(), vocab)


@dataclass(frozen=True)
class Reverse(Compact):
    """Solutions from the right to the left."""

    def solution(self, problem: Problem) -> Words:
        return super().solution(problem)[::-1]


class Added(Programs):
    """Programs whose last line adds 1."""

    def problem(self, i: int) -> Problem:
        p = super().problem(i)
        *others, last = p.steps
        return Problem((*others, last._replace(primitive=ADD, arguments=(last.arguments[0], 1))), p.query, p.modulus)


@dataclass(frozen=True)
class Adding(Program):
    def many(self, u: np.ndarray) -> Added:
        drawn = super().many(u)
        return Added(**{f.name: getattr(drawn, f.name) for f in fields(drawn)})


# Broken if a surface or a family that inherits from one of ours is written as ours would be.
@pytest.mark.parametrize(("family", "surface"), [(Program(2, 4), Reverse()), (Adding(2, 4), Compact())])
def test_an_heir_is_written_as_it_says(family, surface):
    vocab = surface.vocab(family.names, family.primitives, family.modulus)
    problems = list(named(family, "train", range(6), "heir"))
    assert_written(written(family, "train", range(6), surface, vocab, "heir"), problems, surface, vocab)


# Broken if problems of a batch are drawn before they are asked for, made twice, or others by negative numbers and slices.
def test_a_batch_is_a_sequence_of_its_problems():
    family = Program(3, 4)
    batch, whole = Batch(family, "train", range(5), ("one",)), list(named(family, "train", range(5), "one"))
    assert "drawn" not in vars(batch)
    assert (list(batch), batch[-1], list(batch[1:3]), len(batch)) == (whole, whole[-1], whole[1:3], 5)
    assert batch[-1] is batch[4]
    with pytest.raises(IndexError):
        batch[5]
    with pytest.raises(ValueError, match="split is"):
        Batch(family, "dev", range(5), ("one",))  # type: ignore[arg-type]


# two threads that ask for one value at the same time would both compute it
def test_what_threads_ask_for_at_once_is_computed_once():
    computed, both = list[int](), Barrier(2, timeout=5)

    @once(4)
    def slow(n: int) -> int:
        computed.append(n)
        sleep(0.05)  # a lock-less memory would let the other thread in
        return n * n

    def ask() -> int:
        both.wait()
        return slow(3)

    with ThreadPoolExecutor(2) as threads:
        assert [asked.result(5) for asked in [threads.submit(ask) for _ in range(2)]] == [9, 9]
    assert computed == [3]
