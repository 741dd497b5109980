"""Arms at equal compute: each spends what RL spends, and the check of it is loud."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from analysis.design.arms import continued, distil, distil_traces, expert_iteration, gold, midtrain, rft, sft, spending
from analysis.design.recipes import base, everything, practise
from analysis.measures.compute import IDLE, Compute, spent_on
from analysis.measures.facts import UNDEFINED, Cell, Fact, measured
from synthtasks.families import at
from tests.tiny import TINY
from train.learn import Learn, Spend
from train.ledger import read_ledger
from train.losses import Practice
from train.rl import Coin, Endless, Process
from train.sample import Sample
from train.stages.store import Store

SCALE = replace(TINY, pretraining=150, tokens=256, pretraining_lr=2e-2, rl_iterations=60, problems=4, group=4)
PROBLEMS = Endless(at(everything(SCALE), 1))
BASE = base(SCALE, (), 0)
RL = practise(SCALE, BASE, PROBLEMS, Process(), 0)
ARMS: dict[str, Callable[[], Learn]] = {
    "sft": lambda: sft(SCALE, BASE, PROBLEMS, RL, 0),
    "rft": lambda: rft(SCALE, BASE, PROBLEMS, RL, 0),
    "expert iteration": lambda: expert_iteration(SCALE, BASE, PROBLEMS, RL, 0, rounds=2),
    "continued": lambda: continued(SCALE, BASE, RL),
    "coin": lambda: spending(practise(SCALE, BASE, PROBLEMS, Coin(), 0), RL),
    "distil": lambda: distil(SCALE, BASE, RL, PROBLEMS, RL, 0),
    "traces": lambda: distil_traces(SCALE, BASE, RL, PROBLEMS, RL, 0),
    "midtrain, then RL": lambda: replace(
        practise(SCALE, mid := midtrain(SCALE, BASE, gold(SCALE, PROBLEMS, 0), Spend(RL, 0.5), 0), PROBLEMS, Process(), 0),
        iterations=Spend(RL, 1.0, (mid,)),
    ),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


def facts(store: Store, arm: Learn, budget: Learn = RL) -> tuple[Fact, ...]:
    cell = Cell.of({"arm": "x"}, 0, base=BASE, learn=arm, budget=budget)
    for stage in cell.stages:
        store.get(stage)
    return measured(cell, (Compute(),), store)


# Broken if an arm of equal compute did not spend what RL spent, sampling included, or learned nothing.
@pytest.mark.parametrize("kind", ARMS)
def test_arms_of_equal_compute_are_so_within_two_percent(kind: str, store: Store) -> None:
    arm = ARMS[kind]()
    found = {fact.metric: fact for fact in facts(store, arm)}
    assert abs(found["share of the budget"].value - 1) <= Compute.within
    assert UNDEFINED not in found
    made = [read_ledger(store.get(stage)) for stage in spent_on(arm, BASE)]
    assert found["FLOPs"].value == sum(each.flops for each in made)
    assert all(each.updates for each in made if each.iterations)


# Broken if arms of unequal compute were compared as if they were of equal compute, or the difference hidden.
def test_arms_of_unequal_compute_are_undefined(store: Store) -> None:
    short = replace(ARMS["sft"](), iterations=Spend(RL, 0.96))
    found = facts(store, short)
    assert [fact.metric for fact in found] == ["FLOPs", "share of the budget", UNDEFINED]
    assert found[1].value < 1 - Compute.within
    assert math.isnan(found[2].value)
    assert "this arm spent 9" in found[2].note
    with pytest.raises(ValueError, match="was not made of"):
        spent_on(short, RL)


# Broken if an arm with nothing to learn from had no result, or hid that it spent less.
def test_an_idle_arm_is_noted(store: Store) -> None:
    hopeless = replace(SCALE, pretraining=1)
    policy = base(hopeless, (), 0)
    problems = Endless(at(everything(SCALE), 4))
    rl = practise(hopeless, policy, problems, Process(), 0)
    arm = rft(hopeless, policy, problems, rl, 0)
    cell = Cell.of({"arm": "rft"}, 0, base=policy, learn=arm, budget=rl)
    for stage in cell.stages:
        store.get(stage)
    _, share = measured(cell, (Compute(),), store)
    assert share.note == IDLE
    assert 0 < share.value < 1 - Compute.within
    assert (store.get(arm) / "policy.safetensors").read_bytes() == (store.get(policy) / "policy.safetensors").read_bytes()


# Broken if one round of expert iteration were anything but rejection-sampling fine-tuning, or a round learned from another's problems.
def test_expert_iteration_of_one_round_is_rft() -> None:
    assert expert_iteration(SCALE, BASE, PROBLEMS, RL, 0, rounds=1) == rft(SCALE, BASE, PROBLEMS, RL, 0)
    rounds = [s for s in spent_on(expert_iteration(SCALE, BASE, PROBLEMS, RL, 0, rounds=4), BASE) if isinstance(s, Sample)]
    practice = RL.losses[0][1]
    assert isinstance(practice, Practice)
    met = [(s.source, s.problems, s.seed, i) for s in sorted(rounds, key=lambda s: s.first) for i in range(s.first, s.first + s.iterations)]
    assert met == [(practice.source, practice.problems, practice.seed, i) for i in range(32)]
