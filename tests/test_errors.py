"""Mistakes of completions by kind and step, and right answers for wrong reasons."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.measures.errors import KINDS, Errors, Mistake, first_mistake
from analysis.measures.facts import Cell
from synthtasks.corpora import Corpus, Recipe
from synthtasks.families import Program, problem
from synthtasks.primitives import ADD, MUL, SUB
from synthtasks.problem import Problem, Step
from synthtasks.rng import rng
from synthtasks.surfaces import Compact, Equations
from synthtasks.verify import verify
from tests.strategies import examples
from tests.test_learn import FAMILY, FRESH
from tests.test_rewards import spoilt
from train.learn import Learn
from train.losses.imitate import Imitate
from train.optim import Optim
from train.rl import Endless, Sampler
from train.sample import Sample, read_samples
from train.stages.store import Store

CHAIN = Problem((Step("A", ADD, (3, 2)), Step("B", MUL, ("A", 3)), Step("C", ADD, ("B", 4))), "B", 10)  # 5, 5; C is not asked
FORK = Problem((Step("A", ADD, (3, 2)), Step("B", ADD, (1, 1)), Step("C", SUB, ("A", "B"))), "C", 10)  # 5, 2, 3
SAID = {
    "A + 2 5 B * 3 5 answer 5 <end>": None,
    "B * 3 5 answer 5 <end>": Mistake("plan", 1),
    "A + 2 5 C + 4 9 answer 9 <end>": Mistake("plan", 2),
    "A + 2 5 A + 2 5 B * 3 5 answer 5 <end>": Mistake("plan", 2),
    "A * 2 6 B * 3 8 answer 8 <end>": Mistake("copy", 1),
    "A + 2 5 B * 4 0 answer 0 <end>": Mistake("copy", 2),
    "A + 2 7 B * 3 5 answer 5 <end>": Mistake("execute", 1),  # though the answer is right
    "A + 2 5 B * 3 6 answer 6 <end>": Mistake("execute", 2),
    "A + 2 5 B * 3 5 answer 6 <end>": Mistake("answer", 3),
    "A + 2 5 answer 5 <end>": Mistake("early", 2),
    "answer 5 <end>": Mistake("early", 1),
    "A + 2 5 B * 3 5 C + 4 9 answer 9 <end>": Mistake("late", 3),
    "A + 2 5 B * 3 5": Mistake("answer", 3),
    "run A + 2 5 B * 3 5 answer 5 <end>": Mistake("format", 3),
    "A + 2 5 <end>": Mistake("format", 2),
}


# Broken if a mistake were taken for another: a wrong line for a wrong value, a stop that comes early for one that comes late.
@pytest.mark.parametrize("said", SAID)
def test_the_first_mistake_by_hand(said: str) -> None:
    assert first_mistake(CHAIN, Compact().read(tuple(said.split()))) == SAID[said]


# Broken if only the order of the reference were due, where a step may come as soon as those that it uses are right.
def test_any_step_whose_operands_are_right_is_due() -> None:
    def found(said: str) -> Mistake | None:
        return first_mistake(FORK, Equations().read(tuple(said.split())))

    assert found("B = 1 + 1 = 2 ; A = 3 + 2 = 5 ; C = A - B = 3 ; answer 3 <end>") is None
    assert found("B = 1 + 2 = 3 ; A = 3 + 2 = 5 ; C = A - B = 2 ; answer 2 <end>") == Mistake("copy", 1)
    assert found("A = 3 + 2 = 5 ; C = A - B = 3 ; answer 3 <end>") == Mistake("plan", 2)


# Broken if a completion had a mistake and a right process, or neither, or a kind that is none.
@examples(100)
@given(st.integers(0, 10**6))
def test_a_process_is_right_or_has_a_first_mistake(seed: int) -> None:
    p, g = problem(Program(3, 5, (ADD, MUL), (ADD, MUL), modulus=5), "train", "errors", seed), rng("errors", seed)
    trace = Compact().read(spoilt(Compact().solution(p), g, ("answer", "<end>", "run", "A", "C", "+", "2", "3", "4")))
    mistake = first_mistake(p, trace)
    assert (mistake is None) == verify(p, trace).process
    assert mistake is None or (mistake.kind in KINDS and 1 <= mistake.step <= 4)


# Broken if a share were of other completions than those sampled, kinds did not add up to all that are wrong, or steps to their kind.
def test_shares_add_up(tmp_path: Path) -> None:
    store = Store(tmp_path)
    learned = Learn(FRESH, ((1.0, Imitate(Corpus((Recipe(1.0, FAMILY),)), 200)),), 40, Optim(1e-2))
    sample = Sample(learned, Endless(FAMILY, "test"), 8, Sampler(group=16))
    cell = Cell.of({"arm": "one"}, 0, sampled_after=sample)
    facts = list(Errors()(cell, store))
    whole = {f.metric: f.value for f in facts if f.at is None}
    found = read_samples(sample, store)
    assert whole["right answers"] == found.correct.mean()
    assert whole["right processes"] == found.process.mean()
    assert sum(whole[f"error: {kind}"] for kind in KINDS) + found.process.mean() == pytest.approx(1)
    for kind in KINDS:
        assert sum(f.value for f in facts if f.metric == f"error: {kind}" and f.at) == pytest.approx(whole[f"error: {kind}"])
    reason = (~found.process[found.correct]).mean()
    assert 0 < reason < 1  # so that the test tells shares from others
    assert whole["right for the wrong reason"] == pytest.approx(reason)
    assert {f.metric for f in Errors().imagined(cell)} == whole.keys()
