"""Planning and execution of completions, their shares of a gain, and the phases of learning."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.measures.estimates import Floats
from analysis.measures.facts import Cell
from analysis.measures.phases import Joint, Skilled, Skills, Trajectory, by_role, exact_parts, parts, reached, shapley, skills, steepest
from synthtasks.corpora import Corpus, Recipe
from synthtasks.families import Dag, Family, Program, at, problem
from synthtasks.primitives import ADD, MUL, SUB, SUM
from synthtasks.problem import Problem, Step
from synthtasks.rng import rng
from synthtasks.surfaces import Compact, Equations, Surface
from synthtasks.trace import Assertion, Trace
from synthtasks.verify import verify
from tests.strategies import examples
from tests.test_learn import FAMILY, FRESH
from tests.test_rewards import spoilt
from train.learn import Learn, Snapshot
from train.losses.imitate import Imitate
from train.optim import Optim
from train.rl import Endless, Sampler
from train.sample import Sample, read_samples
from train.score import Score
from train.stages.store import Store

CHAIN = Problem((Step("A", ADD, (3, 2)), Step("B", MUL, ("A", 3)), Step("C", ADD, ("B", 4))), "B", 10)  # 5, 5; C is not asked
FORK = Problem((Step("A", ADD, (3, 2)), Step("B", ADD, (1, 1)), Step("C", SUB, ("A", "B"))), "C", 10)  # 5, 2, 3
PLANTED = {
    "A + 2 5 B * 3 5 answer 5 <end>": Skills(True, True, 2, 2),
    "A + 2 7 B * 3 1 answer 1 <end>": Skills(True, False, 2, 1),  # a right plan with a wrong value: 7 * 3 = 1 follows from 7
    "A + 2 7 B * 3 5 answer 5 <end>": Skills(True, False, 2, 0),  # right by two mistakes
    "A + 2 5 C + 4 9 answer 9 <end>": Skills(False, True, 2, 2),  # a wrong plan, executed rightly
    "A * 2 6 B * 3 8 answer 8 <end>": Skills(False, True, 2, 2),  # a wrong operator
    "A + 2 7 C + 4 9 answer 9 <end>": Skills(False, False, 2, 0),  # both are wrong: 7 + 4 = 1
    "A + 2 5 B * 3 5 answer 6 <end>": Skills(True, False, 2, 2),  # the answer does not follow
    "A + 2 5 B * 3 5": Skills(False, True, 2, 2),
    "A + 2 5 B * 3 5 C + 4 9 answer 9 <end>": Skills(False, True, 3, 3),  # a step too many, and the last value
    "A + 2 5 B * 3 5 C + 4 9 answer 6 <end>": Skills(False, False, 3, 3),
    "answer 5 <end>": Skills(False, True, 0, 0),
}


# Broken if a wrong value spoilt the plan or the values after it, or a wrong step the execution.
@pytest.mark.parametrize("said", PLANTED)
def test_planning_and_execution_by_hand(said: str) -> None:
    assert skills(CHAIN, Compact().read(tuple(said.split()))) == PLANTED[said]


# Broken if a step before its operands, or by an operator that the problem lacks, were an error of execution.
def test_nothing_follows_where_nothing_is_written() -> None:
    def found(said: str) -> Skills:
        return skills(FORK, Equations().read(tuple(said.split())))

    assert found("B = 1 + 1 = 2 ; A = 3 + 2 = 5 ; C = A - B = 3 ; answer 3 <end>") == Skills(True, True, 3, 3)
    assert found("C = A - B = 3 ; A = 3 + 2 = 5 ; B = 1 + 1 = 2 ; answer 3 <end>") == Skills(False, True, 2, 2)
    assert found("A = 3 * 2 = 6 ; answer 6 <end>") == Skills(False, True, 0, 0)
    total = Problem((*FORK.steps[:2], Step("C", SUM, ("A", "B"))), "C", 10)
    said = Assertion("A", "+", (3, 2), 5, 0), Assertion("C", "sum", ("A", "B"), 5, 4)
    assert skills(total, Trace(said, 5)) == Skills(False, True, 1, 1)


# Broken if some process were right without planning or execution, or wrong with both, in any order of steps, with surplus or without.
@examples(150)
@given(st.integers(0, 10**6), st.sampled_from([0, 1, 2]))
def test_a_process_is_right_if_plan_and_execution_are(seed: int, which: int) -> None:
    kinds: list[tuple[Family, Surface]] = [
        (Program(3, 5, (ADD, MUL), (ADD, MUL), modulus=5), Compact()),
        (Dag(3, 2, branching=1, modulus=5), Equations()),
        (Dag(3, 2, branching=1, modulus=5, surplus="allowed"), Equations()),
    ]
    family, surface = kinds[which]
    p, g = problem(family, "train", "phases", seed), rng("phases", seed)
    words = surface.solution(p)
    trace = surface.read(spoilt(words, g, (*words, "answer", "<end>", "A", "+", "2", "3")))
    found = skills(p, trace)
    assert verify(p, trace).process == (found.planning and found.execution)
    assert 0 <= found.executed <= found.steps <= len(trace.assertions)


# Broken if the order in which skills are added made a difference, or the parts did not add up to the gain.
def test_shapley_by_hand() -> None:
    found = shapley(0.1, 0.3, 0.2, 0.6)  # planning adds .2 first and .4 last, execution .1 and .3
    assert found == pytest.approx((0.3, 0.2))
    assert (found.gain, found.share) == pytest.approx((0.5, 0.6))
    sampled = parts(Joint(0.25, 0.25, 0.25, 0.25), Joint(0.6, 0.2, 0.1, 0.1))  # .5 * .5 and .8 * .75; mixed, .8 * .5 and .5 * .75
    assert sampled == pytest.approx(((0.15 + 0.225) / 2, (0.125 + 0.2) / 2))
    with pytest.raises(ValueError, match="gain other than 0"):
        _ = shapley(0.5, 0.5, 0.5, 0.5).share
    with pytest.raises(ValueError, match="no plan is right"):
        parts(Joint(0, 0, 0.5, 0.5), Joint(0.6, 0.2, 0.1, 0.1))


# Broken if probabilities were averaged before plans and values of a problem are multiplied.
def test_exact_parts_are_of_the_same_problems() -> None:
    def of(*values: float) -> Floats:
        return np.array(values)

    found = exact_parts((of(1.0, 0.0), of(0.0, 1.0)), (of(1.0, 1.0), of(1.0, 1.0)))  # mixed: (0 + 1) / 2, (1 + 0) / 2
    assert found == pytest.approx((0.5, 0.5))
    assert exact_parts((of(0.5, 0.5), of(1.0, 0.0)), (of(1.0, 1.0), of(1.0, 0.0))) == pytest.approx((0.25, 0.0))


# Broken if completions were counted in another corner of the table.
def test_joint_shares_by_hand() -> None:
    every = [Skills(True, True, 1, 1), Skills(True, False, 1, 0), Skills(True, False, 1, 0), Skills(False, True, 1, 1)]
    joint = Joint.of(every)
    assert joint == Joint(0.25, 0.5, 0.25, 0.0)
    assert (joint.planned, joint.then) == pytest.approx((0.75, 1 / 3))
    with pytest.raises(ValueError, match="found none"):
        Joint.of([])


# Broken if a phase were read off at the next snapshot, or off a curve that does not rise.
def test_phases_of_a_curve_by_hand() -> None:
    assert reached([0, 10, 20], [0.2, 0.2, 0.6], 0.5) == pytest.approx(15)
    assert reached([0, 10, 20], [0.2, 0.2, 0.6], 0.9) == pytest.approx(19)
    assert reached([0, 10, 20], [0.0, 0.8, 0.4], 0.5) == pytest.approx(2.5)  # the first time
    assert steepest([0, 10, 20, 40], [0.0, 0.1, 0.5, 0.95]) == pytest.approx(15)  # .04 an iteration, and .0225 after
    assert reached([0, 10], [0.9, 0.91], 0.5) is None
    assert steepest([0, 10], [0.9, 0.8]) is None
    with pytest.raises(ValueError, match="ascending"):
        reached([0, 0], [0.0, 1.0], 0.5)


# Broken if padding counted as a role, or a mean were over all tokens.
def test_entropy_by_role_by_hand() -> None:
    found = by_role(np.array([[0.5, 1.0, 0.0], [1.5, 0.0, 0.0]]), np.array([[0.0, 2.0, -1.0], [0.0, 4.0, -1.0]]))
    assert found == {"plan": (1.0, 0.5), "execute": (1.0, 0.25), "meta": (0.0, 0.25)}


# Broken if a sample lost its records, exact and sampled skills were of other policies or problems, or a time were no share of the run.
def test_a_trajectory(tmp_path: Path) -> None:
    store = Store(tmp_path)
    learn = Learn(FRESH, ((1.0, Imitate(Corpus((Recipe(1.0, FAMILY),)), 400)),), 120, Optim(1e-2), keep=(40, 80))
    policies = {"before": FRESH, "score 40": Snapshot(learn, 40), "score 80": Snapshot(learn, 80), "after": learn}
    scores = {name: Score(policy, (at(FAMILY, 1),), 64) for name, policy in policies.items()}
    plain = Sample(learn, Endless(at(FAMILY, 1), "test"), 16, Sampler(group=16, records=("entropy", "roles")))
    named = zip(("sampled_before", "sample 40", "sample 80", "sampled_after"), policies.values(), strict=True)
    samples = {name: replace(plain, policy=policy) for name, policy in named}
    cell = Cell.of({}, 0, learn=learn, **scores, **samples)
    for stage in cell.stages:
        store.get(stage)
    every = {(f.metric, f.at): f.value for f in Trajectory()(cell, store)}
    last = {f.metric: f.value for f in Skilled()(cell, store)}
    assert {metric: every[metric, 120] for metric in last} == last
    success, sampled = every["exact success", 120], float(read_samples(plain, store).process.mean())
    assert success == pytest.approx(sampled, abs=0.15)
    assert success > every["exact success", 0] + 0.05
    assert every["exact planning", 120] >= success
    assert last["planning"] - last["planning alone"] == pytest.approx(sampled)
    assert every["entropy: execute", 120] < every["entropy: execute", 0]
    assert sum(every[f"tokens: {role}", 120] for role in ("plan", "copy", "execute", "answer")) <= 1
    times = [every[metric, None] for metric in ("planning half-way", "execution half-way", "t_exec", "t_plan") if (metric, None) in every]
    assert times
    assert all(0 <= time <= 1 for time in times)
    assert ("planning's share of the gain, whole", None) in every
